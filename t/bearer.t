# Tests for the token in the request: what is no bearer credential, and what
# is a broken one, as raw bytes.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

defaults(
    http_config => <<'EOF',
    auth_token_provider rfc {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
EOF
    config => <<'EOF',
    location / {
        auth_token  rfc;
        add_header  X-Verdict $auth_token_verdict always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
);

# "values" are Perl: values of Authorization, bytes as they are; each is a
# raw request of its own, all with the same outcome
my %status = (MISSING => 401, MALFORMED => 400, UNKNOWN => 401,
              ALLOWED => 200, CORE => 400);
my %error = (MALFORMED => ', error="invalid_request"',
             UNKNOWN => ', error="invalid_token"');

add_block_preprocessor(sub {
    my ($block) = @_;

    return if !defined $block->values;
    my @values = eval $block->values;
    die $@ if $@;

    my ($outcome) = split /\n/, $block->outcome;
    my @requests = map {
        my $line = defined $_ ? "$_\r\n" : '';
        "GET /t HTTP/1.1\r\nHost: localhost\r\n${line}Connection: close\r\n\r\n"
    } @values;

    $block->set_value('raw_request', @requests > 1 ? \@requests : $requests[0]);
    my @codes = map { $status{$outcome} } @values;
    $block->set_value('error_code', @codes > 1 ? \@codes : $codes[0]);
    $block->set_value('lookups', 0)
        if $outcome !~ /UNKNOWN|ALLOWED/ && !defined $block->lookups;

    return if $outcome eq 'CORE';

    my $challenge = $status{$outcome} == 200 ? '!WWW-Authenticate'
        : 'WWW-Authenticate: Bearer realm="restricted"'
          . ($error{$outcome} // '');
    my @headers = map { "$challenge\nX-Verdict: $outcome" } @values;
    $block->set_value('response_headers',
                      @headers > 1 ? \@headers : $headers[0]);
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: no field
--- values
undef
--- outcome: MISSING



=== TEST 2: an empty field
--- values
'Authorization:', 'Authorization: ', "Authorization:    "
--- outcome: MISSING



=== TEST 3: other schemes
--- values
map { "Authorization: $_" } 'Basic bmdpbng6bmdpbng=', 'Digest username="a"',
    'Negotiate YII=', 'Token abc', 'DPoP abc', 'Bearerx abc', 'Bearer-x abc',
    'xBearer abc', 'Beare abc', 'B', 'Bearer2', "Bearer'x abc", 'Bearer~ abc',
    'Bearer.abc', '*', 'GET'
--- outcome: MISSING



=== TEST 4: no token character at the start: no scheme at all
--- values
map { "Authorization: $_" } '"Bearer abc"', '(Bearer) abc', ',Bearer abc',
    '=', '@', '/Bearer abc', ':Bearer abc', "\x80Bearer abc", "\x01Bearer abc"
--- outcome: MISSING



=== TEST 5: the scheme without a token
--- values
map { "Authorization: $_" } 'Bearer', 'bearer', 'BEARER', 'Bearer ',
    'Bearer     '
--- outcome: MALFORMED



=== TEST 6: another separator than blanks
--- values
map { "Authorization: $_" } "Bearer\tabc", "Bearer:abc", 'Bearer,abc',
    'Bearer=abc', 'Bearer;abc', 'Bearer"abc"', 'Bearer/abc', "Bearer \tabc",
    "Bearer\t abc", "Bearer\x01abc", "Bearer\x80abc", "Bearer\xa0abc"
--- outcome: MALFORMED



=== TEST 7: characters that no b64token has
--- values
map { "Authorization: Bearer ${_}" } 'a b', 'abc,', 'abc, Basic x', 'abc;',
    '"abc"', 'a"b', 'a\\b', 'a%20b', 'a&b', 'a?b', 'a#b', 'a@b', 'a:b', 'a!b',
    'a$b', "a'b", 'a(b)', 'a*b', 'a<b>', 'a[b]', 'a^b', 'a`b', 'a{b}', 'a|b'
--- outcome: MALFORMED



=== TEST 8: control and high bytes
--- values
map { sprintf "Authorization: Bearer a%sb", chr } 1 .. 9, 11, 12, 14 .. 31,
    127, 128, 0xa0, 0xff
--- outcome: MALFORMED



=== TEST 9: "=" stands at the end only, and not alone
--- values
map { "Authorization: Bearer $_" } '=', '==', 'a=b', '=a', 'a==b', 'a=b='
--- outcome: MALFORMED



=== TEST 10: parameters as of other schemes
--- values
map { "Authorization: $_" } 'Bearer token="abc"', 'Bearer realm=x, error=y',
    'Bearer access_token=abc&x=y', 'Bearer abc def', 'Bearer Bearer abc'
--- outcome: MALFORMED



=== TEST 11: well-formed, and unknown to the authority
--- values
map { "Authorization: $_" } 'Bearer abc', 'Bearer  abc', 'Bearer      abcd',
    'bearer abcde', 'BEARER abcdef', 'bEaReR abcdefg', 'Bearer a=', 'Bearer b==',
    'Bearer -', 'Bearer ~._-+/', 'Bearer Bearer'
--- outcome: UNKNOWN



=== TEST 12: a good token in all ways to write it
--- values
map { "Authorization: $_" } 'Bearer $TOKEN_GOOD', 'bearer $TOKEN_GOOD',
    'BEARER $TOKEN_GOOD', 'Bearer     $TOKEN_GOOD', '   Bearer $TOKEN_GOOD',
    'Bearer $TOKEN_GOOD   '
--- outcome: ALLOWED



=== TEST 13: the name of the field in any case
--- values
'authorization: Bearer $TOKEN_GOOD', 'AUTHORIZATION: Bearer $TOKEN_GOOD'
--- outcome: ALLOWED



=== TEST 14: no token from anywhere else
--- raw_request eval
"GET /t?access_token=\$TOKEN_GOOD HTTP/1.1\r\nHost: localhost\r\n" .
"Proxy-Authorization: Bearer \$TOKEN_GOOD\r\nX-Authorization: Bearer \$TOKEN_GOOD\r\n" .
"Cookie: Authorization=\$TOKEN_GOOD\r\nConnection: close\r\n\r\n"
--- error_code: 401
--- response_headers
X-Verdict: MISSING
--- lookups: 0
--- token_in_log_ok: nginx logs the request line



=== TEST 15: two fields are refused by nginx
--- values
"Authorization: Bearer abc\r\nAuthorization: Bearer abcd",
"Authorization: Basic abc\r\nAuthorization: Bearer abcd",
"Authorization:\r\nAuthorization: Bearer abcd"
--- outcome: CORE



=== TEST 16: a NUL, a lone CR and a folded line are refused by nginx
--- values
"Authorization: Bearer a\0b", "Authorization: Bearer a\rb",
"Authorization: Bearer\r\n abc"
--- outcome: CORE



=== TEST 17: a lone LF ends the line
--- values
"Authorization: Bearer \$TOKEN_GOOD\nX-Other: 1"
--- outcome: ALLOWED



=== TEST 18: a suffix of a good token, a prefix, and more
--- values
map { "Authorization: Bearer $_" } 'x$TOKEN_GOOD', '${TOKEN_GOOD}x',
    '${TOKEN_GOOD}=', '${TOKEN_GOOD}.', substr('abcdefgh', 0, 3)
--- outcome: UNKNOWN



=== TEST 19: of a variable, whole
--- config
    location / {
        auth_token  rfc token=$http_x_token;
        add_header  X-Verdict $auth_token_verdict always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
[map { 'GET /t' } 1 .. 7]
--- more_headers eval
['X-None: 1', 'X-Token:', 'X-Token: Bearer $TOKEN_GOOD', 'X-Token: a b',
 'X-Token: $TOKEN_GOOD', 'X-Token: nobodys', 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval
[401, 401, 400, 400, 200, 401, 401]
--- response_headers eval
['X-Verdict: MISSING', 'X-Verdict: MISSING', 'X-Verdict: MALFORMED',
 'X-Verdict: MALFORMED', 'X-Verdict: ALLOWED', 'X-Verdict: UNKNOWN',
 'X-Verdict: MISSING']
--- lookups: 2
--- backend_hits: 1



=== TEST 20: every method is protected
--- raw_request eval
[map { "$_ /t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
     qw(GET HEAD POST PUT DELETE OPTIONS PATCH PROPFIND BREW)]
--- error_code eval
[map { 401 } 1 .. 9]
--- response_headers eval
[map { 'X-Verdict: MISSING' } 1 .. 9]
--- lookups: 0
