# Tests for the answers to clients: the table of RFC 6750, exactly; the realm.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

defaults(
    http_config => <<'EOF',
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
EOF
    config => <<'EOF',
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
    request => 'GET /t',
);

# the answer's names of fields, so that nothing else is told
add_block_preprocessor(sub {
    my ($block) = @_;

    return if !defined $block->fields;
    my @names = split ' ', $block->fields;
    my $like = join '', map { "$_: [^\\r\\n]*\\r\\n" } @names;
    $block->set_value('raw_response_headers_like',
                      '\AHTTP/1\.1 \d+ [^\r\n]*\r\n' . $like . '\r?\n?\z');
});

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: MISSING
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
!Retry-After
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 2: MALFORMED
--- more_headers
Authorization: Bearer a b
--- error_code: 400
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_request"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 3: UNKNOWN
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 4: UNKNOWN without a look-up: the same
--- more_headers
Authorization: Bearer x
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 5: INACTIVE
--- more_headers
Authorization: Bearer $TOKEN_DISABLED
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 6: EXPIRED
--- more_headers
Authorization: Bearer $TOKEN_EXPIRED
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 7: NOT_YET_VALID
--- more_headers
Authorization: Bearer $TOKEN_FUTURE
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- fields: Server Date Content-Type Content-Length Connection WWW-Authenticate



=== TEST 8: ADDRESS_DENIED
--- more_headers
Authorization: Bearer $TOKEN_ELSEWHERE
--- error_code: 403
--- response_headers
!WWW-Authenticate
!Retry-After
--- fields: Server Date Content-Type Content-Length Connection



=== TEST 9: UNAVAILABLE
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- authority
[{"match": {}, "answer": {"status": 500}}]
--- error_code: 503
--- response_headers
!WWW-Authenticate
Retry-After: 1
--- fields: Server Date Content-Type Content-Length Connection Retry-After



=== TEST 10: ALLOWED says nothing
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- response_headers
!WWW-Authenticate
!Retry-After



=== TEST 11: the body is nginx's own, and tells no more than the status
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer $TOKEN_DISABLED',
 'Authorization: Bearer $TOKEN_ELSEWHERE', 'Authorization: Bearer a b']
--- error_code eval
[401, 403, 400]
--- response_body_like eval
['\A<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>nginx[^<]*</center>\r\n</body>\r\n</html>\r\n\z',
 '\A<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx[^<]*</center>\r\n</body>\r\n</html>\r\n\z',
 '\A<html>\r\n<head><title>400 Bad Request</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<hr><center>nginx[^<]*</center>\r\n</body>\r\n</html>\r\n\z']



=== TEST 12: HEAD
--- request
HEAD /t
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
--- response_body



=== TEST 13: a realm of the location, of the server, of http
--- http_config
    auth_token_realm  outer;
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
    server {
        listen 127.0.0.1:$FREE_PORT;
        auth_token cloudflare;
    }
--- config
    auth_token_realm  middle;
    auth_token        cloudflare;
    location = /own {
        auth_token_realm  "its own";
    }
    location = /middle { }
    location = /outer {
        auth_token  off;
        proxy_pass  http://127.0.0.1:$FREE_PORT;
    }
--- request eval
['GET /own', 'GET /middle', 'GET /outer']
--- error_code eval
[401, 401, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="its own"',
 'WWW-Authenticate: Bearer realm="middle"',
 'WWW-Authenticate: Bearer realm="outer"']



=== TEST 14: a realm with variables
--- config
    auth_token_realm  "$request_method of $uri at $host";
    location / { auth_token cloudflare; }
--- request
GET /some/where?x=y
--- more_headers
Host: example.test
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="GET of /some/where at example.test"



=== TEST 15: a realm that is empty
--- config
    auth_token_realm  "";
    location / { auth_token cloudflare; }
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm=""



=== TEST 16: what a client puts into the realm does not end it
--- config
    auth_token_realm  "$arg_r of $uri";
    location / { auth_token cloudflare; }
--- request eval
['GET /a%22b?r=x%22,error=%22y', 'GET /a"b?r=x",error="y', 'GET /a%5cb?r=\\"',
 'GET /a%0d%0aX-Injected:%201?r=1', 'GET /a%0aX-Injected:%201', 'GET /a%01%1f%7f%80%ff?r=',
 'GET /a%09b']
--- error_code eval
[map { 401 } 1 .. 7]
--- raw_response_headers_like eval
['\r\nWWW-Authenticate: Bearer realm="x%22,error=%22y of /a\\\\"b"\r\n',
 '\r\nWWW-Authenticate: Bearer realm="x\\\\",error=\\\\"y of /a\\\\"b"\r\n',
 '\r\nWWW-Authenticate: Bearer realm="\\\\\\\\\\\\" of /a\\\\\\\\b"\r\n',
 '\r\nWWW-Authenticate: Bearer realm="1 of /a\?\?X-Injected: 1"\r\n',
 '\r\nWWW-Authenticate: Bearer realm=" of /a\?X-Injected: 1"\r\n',
 '\r\nWWW-Authenticate: Bearer realm=" of /a\?{5}"\r\n',
 '\r\nWWW-Authenticate: Bearer realm=" of /a\?b"\r\n']
--- response_headers eval
[map { '!X-Injected' } 1 .. 7]



=== TEST 17: a realm in several bytes a character
--- config
    auth_token_realm  "é";
    location / { auth_token cloudflare; }
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="??"



=== TEST 18: a very long realm
--- config
    auth_token_realm  "$arg_r";
    location / { auth_token cloudflare; }
--- request eval
['GET /?r=' . 'x' x 2000, 'GET /?r=' . '"' x 3000]
--- error_code eval
[401, 401]



=== TEST 19: a page of one's own keeps the challenge
--- config
    error_page 401 /denied;
    location = /t { auth_token cloudflare; }
    location = /denied { return 200 "no entry\n"; }
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted"
--- response_body
no entry



=== TEST 20: one challenge only, though two locations ask
--- config
    error_page 401 /denied;
    location = /t { auth_token cloudflare; }
    location = /denied { auth_token cloudflare; }
--- error_code: 401
--- raw_response_headers_like eval
my $other = '(?:(?!WWW-Authenticate)[\s\S])*';
"\\AHTTP/1\\.1 401${other}WWW-Authenticate: Bearer realm=\"restricted\"\\r\\n$other\\z"



=== TEST 21: the second location's challenge takes the first one's place
--- config
    error_page 401 503 /denied;
    location = /t { auth_token cloudflare; }
    location = /denied { auth_token cloudflare; auth_token_realm other; }
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer $TOKEN_DISABLED', 'Authorization: Bearer $TOKEN_GOOD']
--- authority
[{"match": {"token": "$TOKEN_GOOD"}, "answer": {"status": 500}}]
--- error_code eval
[401, 503]
--- raw_response_headers_like eval
my $other = '(?:(?!WWW-Authenticate|Retry-After)[\s\S])*';
["\\AHTTP/1\\.1 401${other}WWW-Authenticate: Bearer realm=\"other\", error=\"invalid_token\"\\r\\n$other\\z",
 "\\AHTTP/1\\.1 503${other}Retry-After: 1\\r\\n$other\\z"]
