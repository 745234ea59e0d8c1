# Tests for the harness itself: each of the checks that it makes unasked can
# fail.  Test files with a fault in them are written, run, and must fail
# with the right words.  They need nginx, but not the module.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;
use Time::HiRes qw(sleep time);

my $here = dirname(abs_path(__FILE__));
my $dir = tempdir(CLEANUP => 1);
my $files = 0;

$ENV{AUTH_TOKEN_MODULE} = '';
# the distribution's nginx: some blocks define what the module would
delete @ENV{grep { /^TEST_NGINX_/ } keys %ENV};
$ENV{PATH} .= ':/usr/sbin:/sbin';


# runs a test file; returns its exit status and all it said
sub run_file {
    my ($head, $blocks, %env) = @_;

    local @ENV{keys %env} = values %env;
    my $file = sprintf '%s/%03d.t', $dir, ++$files;
    open my $out, '>', $file or die $!;
    print $out "use lib '$here/lib';\nuse AuthToken;\n$head\nrun_tests();\n",
               "__DATA__\n\n$blocks";
    close $out;

    my $said = `cd $here/.. && perl $file 2>&1`;
    return ($? >> 8, $said);
}


sub passes {
    my ($name, $blocks, %more) = @_;

    my ($status, $said) = run_file($more{head} // '', $blocks,
                                   %{$more{env} // {}});
    ok($status == 0 && $said !~ /^not ok/m && $said =~ /^ok 1 /m, $name)
        or diag $said;
    return $said;
}


sub fails {
    my ($name, $pattern, $blocks, %more) = @_;

    my ($status, $said) = run_file($more{head} // '', $blocks,
                                   %{$more{env} // {}});
    ok($status != 0 && $said =~ /^not ok/m, "$name: fails") or diag $said;
    like($said, $pattern, "$name: says why");
    return $said;
}


my $clean = <<'E';
=== TEST 1: clean
--- config
    location = /t { return 200 "hello\n"; }
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- response_body
hello
E

my $kill = <<'E';
my $kill = sub {
    open my $in, '<', $Test::Nginx::Util::PidFile or die $!;
    chomp(my $master = <$in>);
    open $in, '<', "/proc/$master/task/$master/children" or die $!;
    kill KILL => split ' ', <$in>;
    select undef, undef, undef, 0.3;
};
E

passes('a clean block', $clean);
passes('a clean block, twice', $clean, head => 'repeat_each(2);');
passes('a clean block under HUP', $clean . "\n" . $clean =~ s/TEST 1/TEST 2/r,
       env => {TEST_NGINX_USE_HUP => 1});


# logs

my $in_error_log = <<'E';
=== TEST 1: a token in the error log
--- http_config
    access_log off;
--- config
    location /t { root html; }
--- request
GET /t/$TOKEN_GOOD
--- error_code: 404
E

fails('a token in the error log', qr/secret cfut_\S+ in error log/,
      $in_error_log);
passes('the same with leave',
       "$in_error_log--- token_in_log_ok: nginx logs paths\n");

fails('a token in the access log', qr/secret cfut_\S+ in access log/,
      $clean =~ s/GET \/t/GET \/t?x=\$TOKEN_OTHER/r);

fails('a bearer that no table knows', qr/secret a-bearer-of-\.\.\. in access/,
      $clean =~ s/GET \/t/GET \/t?x=a-bearer-of-its-own/r
             =~ s/\$TOKEN_GOOD/a-bearer-of-its-own/r);

fails('a token in a message of nginx -t', qr/secret cfut_\S+ in error log/,
      <<'E');
=== TEST 1: an unknown directive
--- config
    $TOKEN_GOOD on;
--- must_die
--- suppress_stderr
E

passes('nginx -t that fails as expected', <<'E');
=== TEST 1: an unknown directive
--- config
    no_such_directive on;
--- must_die
--- suppress_stderr
--- error_log
unknown directive "no_such_directive"
E

fails('an alert', qr/alert: .*exited on signal 9/,
      $clean =~ s/--- config/--- init: \$main::kill->();\n--- config/r,
      head => $kill =~ s/^my/our/r);

fails('an alert after the block', qr/log is clean after the end/,
      $clean, head => "${kill}add_test_cleanup_handler(\$kill);");


# one line of a log at a time

require "$here/lib/AuthToken/Logs.pm";

sub flagged {
    my ($line, $which) = @_;

    my %logs = map { $_ => "$dir/" . ++$files } qw(error access);
    open my $out, '>', $logs{$which // 'error'} or die $!;
    print $out "2030/01/02 03:04:05 $line\n";
    close $out;
    close $out;

    my $logs = AuthToken::Logs->new(%logs, reports => "$dir/none");
    $logs->forbid('secret-of-the-test');
    my @problems = $logs->problems;
    return scalar @problems;
}

for my $line (
    '[info] 1#1: *1 auth token: secret-of-the-test',
    '[debug] 1#1: *1 auth token: secret-of-the-test',
    '[debug] 1#1: *1 auth token http header: secret-of-the-test',
    '[debug] 1#1: secret-of-the-test',
    "[debug] 1#1: *1 auth token\nsecret-of-the-test",
    '[alert] 1#1: *1 something',
    '[emerg] 1#1: something',
    '[notice] 1#1: worker process 7 exited on signal 11',
    '==1==ERROR: AddressSanitizer: heap-use-after-free',
    'core/x.c:1:2: runtime error: signed integer overflow',
) {
    ok(flagged($line), "seen: $line");
}

for my $line (
    '[debug] 1#1: *1 http header: "Authorization: Bearer secret-of-the-test"',
    "[debug] 1#1: *1 http proxy header:\n\"GET / HTTP/1.0\r\n"
        . 'Authorization: Bearer secret-of-the-test',
    '[error] 1#1: *1 auth token: denied',
) {
    ok(!flagged($line), "let pass: $line");
}

ok(flagged('GET /?x=secret-of-the-test', 'access'), 'seen in the access log');

{
    mkdir "$dir/reports" or die $!;
    open my $out, '>', "$dir/reports/sanitizer.1" or die $!;
    print $out "ERROR: AddressSanitizer: heap-use-after-free\n";
    close $out;

    my $logs = AuthToken::Logs->new(error => "$dir/none",
                                    access => "$dir/none",
                                    reports => "$dir/reports");
    is(scalar $logs->problems, 1, 'seen: the report of a sanitizer');
    is(scalar $logs->problems, 0, 'seen once');
}


# answers

my $in_answer = <<'E';
=== TEST 1: a token in the answer
--- config
    location = /t { return 200 "you sent $http_authorization"; }
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
E

fails('a token in an answer', qr/no secret in an answer/, $in_answer);
passes('the same with leave',
       "$in_answer--- token_in_response_ok: the test asks for it\n");

fails('a token in an answer\'s head', qr/no secret in an answer/, <<'E');
=== TEST 1: a token in a header of the answer
--- config
    location = /t { add_header X-Got $http_authorization; return 204; }
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code: 204
E


# counts

my $counted = <<'E';
=== TEST 1: two requests to the authority
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens/verify;
    }
--- request eval
['GET /t', 'GET /t']
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval
[200, 200]
E

passes('lookups', "$counted--- lookups: 2\n");
passes('lookups, for each repetition', "$counted--- lookups: 2 2\n",
       head => 'repeat_each(2);');
fails('too many lookups', qr/got: '?2/, "$counted--- lookups: 1\n");
fails('too few lookups', qr/got: '?2/, "$counted--- lookups: 3\n");
passes('lookups, a range', "$counted--- lookups: 2 1-2\n",
       head => 'repeat_each(2);');
fails('lookups beyond the range', qr/got: '?2/, "$counted--- lookups: 2 0-1\n",
      head => 'repeat_each(2);');
passes('a block that is not repeated', "$counted--- lookups: 2 9\n--- once: x\n",
       head => 'repeat_each(2);');
passes('lookups_like', <<"E");
$counted--- lookups_like
^GET /client/v4/user/tokens/verify
^Authorization: Bearer \$TOKEN_GOOD\$
E
fails('lookups_like', qr/doesn't match/, <<"E");
$counted--- lookups_like
^GET /client/v4/user/tokens/verify
^GET /client/v4/user/tokens/\$ID_GOOD
E


# verdicts, of a server that always says the same

sub says {
    my ($verdict, $cache, $wanted) = @_;
    return <<"E";
=== TEST 1: a verdict
--- http_config
    map \$uri \$auth_token_verdict { default $verdict; }
    map \$uri \$auth_token_cache { default $cache; }
--- config
    location = /t { return 204; }
--- request
GET /t
--- error_code: 204
--- verdict: $wanted
E
}

passes('verdict', says('ALLOWED', 'MISS', 'ALLOWED MISS'));
fails('another verdict', qr/UNKNOWN MISS/,
      says('UNKNOWN', 'MISS', 'ALLOWED MISS'));
fails('the same from elsewhere', qr/ALLOWED HIT/,
      says('ALLOWED', 'HIT', 'ALLOWED MISS'));
passes('a verdict, again', says('ALLOWED', 'HIT', 'ALLOWED HIT'),
       head => 'repeat_each(2);');
fails('a verdict that was not kept', qr/ALLOWED MISS/,
      says('ALLOWED', 'MISS', 'ALLOWED MISS'), head => 'repeat_each(2);');
fails('a refusal that was not kept', qr/UNKNOWN MISS/,
      says('UNKNOWN', 'MISS', 'UNKNOWN MISS'), head => 'repeat_each(2);');
passes('a failure, which is kept for a second',
       says('UNAVAILABLE', 'MISS', 'UNAVAILABLE MISS'),
       head => 'repeat_each(2);');

my $backend = <<'E';
=== TEST 1: a request to the backend
--- config
    location = /t { proxy_pass http://127.0.0.1:$BACKEND_PORT; }
--- request
GET /t
--- response_body
backend: GET /t
E

my $stranger = "--- strangers_ok: 1 GET /t: no token  # nothing asks for one\n";

passes('backend_hits', "$backend$stranger--- backend_hits: 1\n");
fails('a hit that should not be', qr/got: '?1/,
      "$backend$stranger--- backend_hits: 0\n");

fails('a refusal that reached the backend', qr/got: '?1/, <<'E');
=== TEST 1: the backend was asked and its answer hidden
--- config
    location = /t {
        auth_request /ask;
        try_files /nonexistent =403;
    }
    location = /ask { proxy_pass http://127.0.0.1:$BACKEND_PORT; }
--- request
GET /t
--- error_code: 403
E


# strangers at the backend

sub as_bearer {
    my ($token) = @_;
    return "$backend--- more_headers\nAuthorization: Bearer $token\n";
}

my $two = <<'E';
=== TEST 1: two requests to the backend
--- config
    location = /t { proxy_pass http://127.0.0.1:$BACKEND_PORT; }
--- request eval
['GET /t', 'GET /t']
--- error_code eval
[200, 200]
E

fails('nobody at the backend', qr/ 1 times: GET \/t: no token/, $backend);
fails('an unknown one', qr/ 1 times: GET \/t: unknown token/,
      as_bearer('a-stranger-of-the-test'));
for (['UNKNOWN', 'unknown token'], ['DISABLED', 'disabled token'],
     ['REVOKED', 'disabled token'], ['EXPIRED', 'expired token'],
     ['FUTURE', 'token of later'])
{
    my ($name, $why) = @$_;
    my $said = fails("$name at the backend", qr/ 1 times: GET \/t: $why$/m,
                     as_bearer("\$TOKEN_$name"));
    unlike($said, qr/cfut_/, "$name: the token is not told");
}
passes("$_ at the backend", as_bearer("\$TOKEN_$_")) for qw(GOOD LIMITED);
passes('from a cookie',
       "$backend--- more_headers\nCookie: a=b; t=\$TOKEN_GOOD; c=d\n");
fails('a bad one from a cookie', qr/: disabled token/,
      "$backend--- more_headers\nCookie: a=b; t=\$TOKEN_DISABLED; c=d\n");
passes('those who may come', $backend . $stranger, head => 'repeat_each(2);');
fails('more of them', qr/ 2 came: 1 GET/, $two . $stranger);
fails('none of them', qr/ 0 came: 1 GET/, $clean . $stranger);
fails('one of another kind', qr/ 1 times: GET \/t: unknown token/,
      as_bearer('$TOKEN_UNKNOWN') . $stranger);
fails('no reason', qr/not of strangers_ok/, $backend . $stranger =~ s/ +#.*//r);
passes('a lag', as_bearer('$TOKEN_EXPIRED') . "--- lag: 90 leeway\n");
fails('a lag that is over', qr/: expired token/,
      as_bearer('$TOKEN_EXPIRED') . "--- lag: 30 leeway\n");
fails('a late stranger', qr/a late stranger: GET \/late: no token/, $clean,
      head => <<'E');
add_test_cleanup_handler(sub {
    my $port = authority->{backend};
    authority->{http}->get("http://127.0.0.1:$port/late");
});
E


# the authority and the names

passes('rules and tokens of a block', <<'E');
=== TEST 1: a rule over the default
--- config
    location = /t {
        proxy_pass http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens/verify;
    }
--- authority
[{"match": {"token": "$TOKEN_GOOD"}, "times": 1,
  "answer": {"base": "default", "set": {"/result/status": "strange"}}}]
--- tokens
{"a-token-with-forty-characters-of-its-own-": {"id": "$ID_UNKNOWN",
  "status": "active"}}
--- request eval
["GET /t", "GET /t", "GET /t"]
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD',
 'Authorization: Bearer $TOKEN_GOOD',
 'Authorization: Bearer a-token-with-forty-characters-of-its-own-']
--- response_body_like eval
['"strange"', '"active"', '"active"']
--- error_code eval
[200, 200, 200]
E

passes('TLS, and HTTP/2 in front', <<'E');
=== TEST 1: over TLS and HTTP/2
--- http_config
    proxy_ssl_trusted_certificate $AUTHORITY_CA;
    proxy_ssl_verify on;
    proxy_ssl_name localhost;
--- config
    location = /tls {
        proxy_pass https://127.0.0.1:$AUTHORITY_TLS_PORT/client/v4/user/tokens/verify;
    }
    location = /h2 {
        proxy_pass https://127.0.0.1:$AUTHORITY_H2_PORT/client/v4/user/tokens/verify;
    }
--- request eval
["GET /tls", "GET /h2"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval
[200, 200]
--- lookups: 2
E


# blocks that are chosen

my $pair = "$counted--- lookups: 2\n\n\n\n"
          . ($counted =~ s/TEST 1/TEST 2/r) . "--- lookups: 1\n";
passes('one block of two', $pair, env => {AUTH_TOKEN_BLOCKS => '1'});
fails('the other one', qr/TEST 2/, $pair, env => {AUTH_TOKEN_BLOCKS => '2'});
my ($none) = run_file('', $pair, AUTH_TOKEN_BLOCKS => '1,3');
isnt($none, 0, 'a block that is not there');


# ends

my ($status, $said) = run_file(<<'E', $clean);
AuthToken::Blocks::start($AuthToken::Base, $AuthToken::Port);
print "# children: @{authority()->{children}}\n# base: $AuthToken::Base\n";
die "on purpose";
E

isnt($status, 0, 'a file that dies fails');
my ($child) = $said =~ /^# children: (\d+)/m;
my ($base) = $said =~ /^# base: (\S+)/m;
my $end = time() + 5;
sleep 0.05 while -e "/proc/$child" && time() < $end;
ok(!-e "/proc/$child", 'its authority ends');
ok(!-e $base, 'its files go');

my @pipes = map {
    open my $pipe, '-|', 'perl', "-I$here/lib", '-MAuthToken::Ports', '-e',
        '$| = 1; print AuthToken::Ports::reserve(), "\n"; sleep 2'
        or die $!;
    $pipe;
} 1 .. 2;
my @ports = map { scalar <$_> } @pipes;
isnt($ports[0], $ports[1], 'two files at a time have ports of their own');
close $_ for @pipes;

done_testing();
