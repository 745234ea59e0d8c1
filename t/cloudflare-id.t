# Tests for the preset "cloudflare_id": the bearer is the id of a token, which
# becomes part of a URL.  Nothing but 32 lower-case hex digits may get there.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

defaults(
    http_config => <<'EOF',
    auth_token_provider id {
        preset      cloudflare_id;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
EOF
    config => <<'EOF',
    location = /t {
        auth_token  id;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
    request => 'GET /t',
    more_headers => 'Authorization: Bearer $ID_GOOD',
);

add_block_preprocessor(sub {
    my ($block) = @_;

    # never asked about
    if (defined $block->bearer) {
        my $bearer = $block->bearer;
        $bearer = [split /\n/, $bearer] if !ref $bearer;
        $block->set_value('request', [map { 'GET /t' } @$bearer]);
        $block->set_value('more_headers',
                          [map { "Authorization: Bearer $_" } @$bearer]);
        $block->set_value('error_code', [map { 401 } @$bearer]);
        $block->set_value('verdict', [map { 'UNKNOWN -' } @$bearer]);
        $block->set_value('lookups', 0);
    }

    my $answer = $block->answer;
    if (defined $answer) {
        $block->set_value('authority', "[{\"match\": {}, \"answer\": {$answer}}]");
    }
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: an id that is known
--- response_body
backend: GET /t
--- verdict: ALLOWED MISS
--- lookups_like
\AGET /client/v4/user/tokens/$ID_GOOD HTTP/1.1\n(?s:.*)^Authorization: Bearer cfut_\w{48}$



=== TEST 2: an id that is not known
--- more_headers
Authorization: Bearer 00000000000000000000000000000000
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- verdict: UNKNOWN MISS
--- lookups: 1 0



=== TEST 3: the names that stand beside ids
--- bearer
verify
permission_groups
VERIFY



=== TEST 4: paths
--- bearer
..
../verify
../../user/tokens/verify
.
./
/
//
/verify
0000000000000000000000000000000/
0123456789abcdef0123456789abcdef/value
0123456789abcdef0123456789abcdef/../verify
..................................................
~root



=== TEST 5: too short, too long, other digits
--- bearer
0123456789abcdef0123456789abcde
0123456789abcdef0123456789abcdef0
0123456789abcdef0123456789abcdeg
0123456789ABCDEF0123456789ABCDEF
0123456789abcdef0123456789abcdeF
0123456789abcdef-123456789abcdef
0123456789abcdef.123456789abcdef
0123456789abcdef0123456789abcde=
0
a=



=== TEST 6: a token in place of an id
--- bearer
$TOKEN_GOOD



=== TEST 7: very long ones
--- bearer eval
['0' x 4000, '0' x 4096, '0' x 4097, 'a' x 7000]



=== TEST 8: what is no token at all is refused before that
--- request eval
[map { 'GET /t' } 1 .. 6]
--- more_headers eval
['Authorization: Bearer', 'Authorization: Bearer ',
 'Authorization: Bearer %2e%2e/verify', 'Authorization: Bearer verify?a',
 "Authorization: Bearer 0123456789abcdef\t0123456789abcdef",
 'Authorization: Bearer 0123456789abcdef0123456789abcdef#']
--- error_code eval
[400, 400, 400, 400, 400, 400]
--- lookups: 0



=== TEST 9: nothing in the header
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['X-None: 1', 'Authorization:']
--- error_code eval
[401, 401]
--- lookups: 0



=== TEST 10: from a variable the same is asked
--- config
    location = /t {
        auth_token  id token=$arg_t;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t?t=verify', 'GET /t?t=..', 'GET /t?t=', 'GET /t',
 'GET /t?t=$ID_GOOD%0d', 'GET /t?t=$ID_GOOD']
--- more_headers
X-None: 1
--- error_code eval
[401, 401, 401, 401, 400, 200]
--- lookups: 1 0
--- backend_hits: 1



=== TEST 11: the id of the answer is the one that was asked for
--- answer
"base": "default", "set": {"/result/id": "0123456789abcdef0123456789abcdef"}
--- error_code: 503
--- verdict: UNAVAILABLE MISS



=== TEST 12: an answer without an id
--- answer
"base": "default", "unset": ["/result/id"]
--- error_code: 503



=== TEST 13: 404 without the shape of a refusal
--- answer
"status": 404, "body": "<html>404</html>", "headers": ["-Content-Type", "Content-Type: text/html"]
--- error_code: 503



=== TEST 14: 404 of an endpoint that knows no tokens, in Cloudflare's shape
--- answer
"status": 404, "body": {"success": false, "errors": [{"code": 7003}]}
--- error_code: 401



=== TEST 15: 401 is about the credential, not about the token
--- answer
"status": 401, "body": {"success": false, "errors": [{"code": 10000}]}
--- error_code: 503
--- response_headers
Retry-After: 1
!WWW-Authenticate
--- error_log
step "details": the credential was refused (status 401, code 10000
--- warm_error_log
verdict UNAVAILABLE



=== TEST 16: 403 as well
--- answer
"status": 403, "body": {"success": false, "errors": [{"code": 9109}]}
--- error_code: 503



=== TEST 17: 400 too: the id was well-formed
--- answer
"status": 400, "body": {"success": false, "errors": [{"code": 6003}]}
--- error_code: 503



=== TEST 18: status, window and address as for any token
--- request eval
[map { 'GET /t' } 1 .. 6]
--- more_headers eval
[map { "Authorization: Bearer \$ID_$_" }
     qw(DISABLED EXPIRED FUTURE ELSEWHERE NOBODY LIMITED)]
--- error_code eval
[401, 401, 401, 403, 403, 200]
--- verdict
INACTIVE MISS
EXPIRED MISS
NOT_YET_VALID MISS
ADDRESS_DENIED MISS
ADDRESS_DENIED MISS
ALLOWED MISS



=== TEST 19: ids stand in the authority's URL, which is never logged
--- log_level: debug
--- http_config
    access_log off;
    auth_token_provider id {
        preset      cloudflare_id;
        endpoint    http://127.0.0.1:$CLOSED_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- config
    location = /t {
        auth_token  id;
    }
--- error_code: 503
--- error_log
step "details": could not connect (status 0
--- warm_error_log
verdict UNAVAILABLE
--- no_error_log eval
qr{tokens/[0-9a-f]{32}}



=== TEST 20: an empty object with 200
--- answer
"status": 200, "body": {}
--- error_code: 503
--- verdict: UNAVAILABLE MISS



=== TEST 21: maintenance, with 200
--- answer
"status": 200, "body": {"status": "maintenance", "message": "try later"}
--- error_code: 503
--- verdict: UNAVAILABLE MISS
