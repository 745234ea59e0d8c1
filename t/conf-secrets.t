# Tests for where secrets come from, and for what nginx -t says of them,
# which is never the secret.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

use Test::Nginx::Util ();

my $place = "$Test::Nginx::Util::ServRoot/conf/../html/p.conf";

# nginx keeps its environment while it reads its configuration
$ENV{AUTH_TOKEN_TEST_EMPTY} = '';
delete $ENV{AUTH_TOKEN_TEST_NONE};

sub file {
    my ($name, $content, $mode) = @_;

    my $path = "$AuthToken::Base/$name";
    open my $out, '>', $path or die "$path: $!";
    print $out $content;
    close $out;
    chmod $mode // 0600, $path;
    return $path;
}

mkdir "$AuthToken::Base/directory";
system('mkfifo', "$AuthToken::Base/fifo") == 0 or die 'mkfifo';
symlink "$AuthToken::Base/secrets/cloudflare.token", "$AuthToken::Base/link";
file('two-lines', "one-secret-line\nAuthorization: Bearer other\n");
file('newline', "\n");
file('nul', "secret\0secret\n");
file('large', 'x' x 20000);
file('world', "a-secret-for-everybody\n", 0644);
file('group', "a-secret-for-a-group-\n", 0640);

add_block_preprocessor(sub {
    my ($block) = @_;

    my $credential = $block->credential;
    my $base = $AuthToken::Base;
    chomp $credential;
    $credential =~ s/\$BASE/$base/g;

    my $preset = $block->preset // 'cloudflare';
    my $url = 'http://127.0.0.1:$AUTHORITY_PORT/';
    $url .= $preset eq 'introspection' ? 'introspect' : 'client/v4/user/tokens';

    $block->set_value('user_files', <<"EOF");
>>> p.conf
auth_token_provider p {
    preset      $preset;
    endpoint    $url;
    credential  $credential;
}
EOF
    $block->set_value('http_config', "include ../html/p.conf;\n");

    if (defined $block->says) {
        my ($says) = split /\n/, $block->says;
        $says =~ s/\$BASE/$base/g;
        $block->set_value('error_log', ["$says in $place:4\n"]);
    }

    if (defined $block->dies) {
        $block->set_value('config', '# nothing');
        $block->set_value('must_die', '');
        $block->set_value('suppress_stderr', '1');
    } elsif (!defined $block->config) {
        $block->set_value('config', <<'EOF');
location = /t {
    auth_token  p;
    proxy_pass  http://127.0.0.1:$BACKEND_PORT;
}
EOF
    }

    if (!defined $block->dies) {
        $block->set_value('request', 'GET /t');
        $block->set_value('more_headers',
                          'Authorization: Bearer $TOKEN_GOOD');
        $block->set_value('backend_hits', 1)
            if !defined $block->error_code;
    }
});

run_tests();

__DATA__

=== TEST 1: from a file
--- credential: bearer file:$SECRETS/cloudflare.token
--- response_body
backend: GET /t
--- no_error_log
[warn]
[error]



=== TEST 2: from a link to a file
--- credential: bearer file:$BASE/link
--- response_body
backend: GET /t



=== TEST 3: a secret for a method that takes none
--- credential: none a
--- says: credential method "none" takes 0 parameters
--- dies



=== TEST 4: a file that others can read is warned of, and works
--- credential: bearer file:$SECRETS/world.token
--- error_log eval
qr{\[warn\] .* secret file "\S+/world.token" can be read by others in \S+/p.conf:4}
--- response_body
backend: GET /t



=== TEST 5: a file that a group can read is not warned of
--- credential: header X-Other file:$BASE/group
--- no_error_log
[warn]
--- error_code: 503



=== TEST 6: a literal secret is warned of, without it
--- credential: header X-Other a-literal-secret
--- says: a literal secret is shown by "nginx -T", use "file:" or "env:"
--- no_error_log
a-literal-secret
--- error_code: 503



=== TEST 7: a file that is not there
--- credential: bearer file:$BASE/nothing
--- says: open() "$BASE/nothing" failed (2: No such file or directory)
--- dies



=== TEST 8: a directory
--- credential: bearer file:$BASE/directory
--- says: secret file "$BASE/directory" is not a regular file
--- dies



=== TEST 9: a FIFO, which does not hold nginx up
--- credential: bearer file:$BASE/fifo
--- says: secret file "$BASE/fifo" is not a regular file
--- dies



=== TEST 10: an empty file
--- credential: bearer file:$SECRETS/empty.token
--- error_log eval
qr{\[emerg\] .* secret file "\S+/empty.token" is empty in \S+/p.conf:4}
--- dies



=== TEST 11: a file with nothing but the end of a line
--- credential: bearer file:$BASE/newline
--- says: secret file "$BASE/newline" is empty
--- dies



=== TEST 12: a file without a name
--- credential: bearer file:
--- says: invalid parameter "file:"
--- dies



=== TEST 13: a second line would be a header of its own
--- credential: bearer file:$BASE/two-lines
--- says: secret file "$BASE/two-lines" has control characters
--- dies



=== TEST 14: a NUL
--- credential: bearer file:$BASE/nul
--- says: secret file "$BASE/nul" has control characters
--- dies



=== TEST 15: a file that is no secret by its size
--- credential: bearer file:$BASE/large
--- says: secret file "$BASE/large" is too large
--- dies



=== TEST 16: a relative name is looked for beside the configuration
--- credential: bearer file:nothing.token
--- error_log eval
qr{open\(\) "\S+/servroot/conf/nothing.token" failed}
--- dies



=== TEST 17: from the environment, not set
--- credential: bearer env:AUTH_TOKEN_TEST_NONE
--- says: environment variable "AUTH_TOKEN_TEST_NONE" is not set or empty
--- dies



=== TEST 18: from the environment, empty
--- credential: bearer env:AUTH_TOKEN_TEST_EMPTY
--- says: environment variable "AUTH_TOKEN_TEST_EMPTY" is not set or empty
--- dies



=== TEST 19: from the environment, without a name
--- credential: bearer env:
--- says: environment variable "" is not set or empty
--- dies



=== TEST 20: a literal, empty
--- credential: bearer ""
--- says: the secret is empty
--- dies



=== TEST 21: a literal that would be a header of its own
--- credential: bearer "a\r\nb"
--- says: the secret has control characters
--- dies



=== TEST 22: unknown method
--- credential: digest file:$SECRETS/cloudflare.token
--- says: unknown credential method "digest"
--- dies



=== TEST 23: a method without its secret
--- credential: bearer
--- says: credential method "bearer" takes 1 parameters
--- dies



=== TEST 24: basic with an id only
--- credential: basic nginx
--- says: credential method "basic" takes 2 parameters
--- dies



=== TEST 25: none
--- credential: none
--- error_code: 503
--- error_log eval
qr/step "details": the credential was refused|step "details": .*status 400/



=== TEST 26: header
--- credential: header X-Secret file:$SECRETS/header.secret
--- preset: introspection
--- response_body
backend: GET /t
--- lookups_like
(?i)^X-Secret: \w{48}$



=== TEST 27: header with a bad name
--- credential: header X:Secret file:$SECRETS/header.secret
--- says: invalid header name "X:Secret"
--- dies



=== TEST 28: header with an empty name
--- credential: header "" file:$SECRETS/header.secret
--- says: invalid header name ""
--- dies



=== TEST 29: header with a line break in its name
--- credential: header "X-A\r\nX-B" file:$SECRETS/header.secret
--- error_log eval
qr/\[emerg\] .* invalid header name "/
--- dies



=== TEST 30: basic, id and secret escaped
--- credential: basic $CLIENT_ID file:$SECRETS/client.secret
--- preset: introspection
--- response_body
backend: GET /t
--- lookups_like
(?i)^Authorization: Basic [\w+/]+=*$



=== TEST 31: post
--- credential: post $CLIENT_ID file:$SECRETS/client.secret
--- preset: introspection
--- response_body
backend: GET /t
--- lookups_like
^token=\w+&token_type_hint=access_token&client_id=nginx&client_secret=s%2F%2B\w+%26%3D%25$



=== TEST 32: post where there is no form
--- credential: post $CLIENT_ID file:$SECRETS/client.secret
--- error_log eval
qr{credential method "post" needs a form, which provider "p" does not send in \S+/p.conf:4}
--- dies



=== TEST 33: the wrong one is refused, and the client's token is not blamed
--- credential: bearer file:$SECRETS/wrong.token
--- error_code: 503
--- response_headers
Retry-After: 1
!WWW-Authenticate
--- error_log
step "details": the credential was refused (status 401, code 10000



=== TEST 34: a wrong client of RFC 7662
--- credential: basic $CLIENT_ID file:$SECRETS/wrong.secret
--- preset: introspection
--- error_code: 503
--- error_log
step "introspection": the credential was refused (status 401



=== TEST 35: header fields that frame and route a request
--- credential: header Host file:$BASE/group
--- error_log eval
qr{invalid header name "Host" in \S+/p.conf:4}
--- dies



=== TEST 36: a header field that is none
--- credential: header X:Y file:$BASE/group
--- error_log eval
qr{invalid header name "X:Y" in \S+/p.conf:4}
--- dies
