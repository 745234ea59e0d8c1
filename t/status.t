# auth_token_status and auth_token_error_format: what a denial looks like.

use lib 't/lib';
use AuthToken;

our $cloudflare = <<'E2';
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
    auth_token cloudflare;
E2

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: another status for a verdict; no challenge where it would tell
--- http_config eval: $::cloudflare . 'auth_token_status MISSING=404 UNKNOWN=599;'
--- config
    location /hidden {
        auth_token_status MISSING=404 MALFORMED=404 UNKNOWN=404 EXPIRED=404
                          INACTIVE=403 ADDRESS_DENIED=401 NOT_YET_VALID=400;
        auth_token_status UNAVAILABLE=502;
    }
    location /inherited {
    }
    location /own {
        auth_token_status EXPIRED=403;
    }
--- request eval
["GET /hidden", "GET /hidden", "GET /hidden", "GET /hidden", "GET /hidden",
 "GET /hidden", "GET /hidden", "GET /inherited", "GET /inherited", "GET /own"]
--- more_headers eval
['', 'Authorization: Bearer', 'Authorization: Bearer $TOKEN_UNKNOWN',
 'Authorization: Bearer $TOKEN_EXPIRED', 'Authorization: Bearer $TOKEN_DISABLED',
 'Authorization: Bearer $TOKEN_ELSEWHERE', 'Authorization: Bearer $TOKEN_FUTURE',
 '', 'Authorization: Bearer $TOKEN_UNKNOWN', '']
--- error_code eval
[404, 404, 404, 404, 403, 401, 400, 404, 599, 401]
--- response_headers eval
my $e = 'WWW-Authenticate: Bearer realm="restricted", error="invalid_token"';
[('WWW-Authenticate:') x 4, ($e) x 3, ('WWW-Authenticate:') x 2,
 'WWW-Authenticate: Bearer realm="restricted"']



=== TEST 2: a failure of the authority by another status keeps its Retry-After
--- http_config eval: $::cloudflare
--- config
    location /t {
        auth_token_status UNAVAILABLE=502;
    }
--- authority
[{"match": {}, "answer": {"status": 500}}]
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code: 502
--- response_headers
Retry-After: 1
WWW-Authenticate:
--- error_log
auth token



=== TEST 3: a challenge beside that of another module
--- http_config eval: $::cloudflare
--- config
    location /t {
        satisfy any;
        auth_basic "staff";
        auth_basic_user_file $SECRETS/none;
    }
--- request eval: ["GET /t", "GET /t"]
--- more_headers eval: ['', 'Authorization: Bearer $TOKEN_UNKNOWN']
--- error_code eval: [401, 401]
--- raw_response_headers_like eval
['(?s)WWW-Authenticate: Basic realm="staff"\r\n.*WWW-Authenticate: Bearer realm="restricted"\r\n',
 '(?s)WWW-Authenticate: Basic realm="staff"\r\n.*WWW-Authenticate: Bearer realm="restricted", error="invalid_token"\r\n']



=== TEST 4: denied twice, by an error_page that is protected: one challenge
--- http_config eval: $::cloudflare
--- config
    location /t {
        error_page 401 /again;
    }
    location /again {
        auth_token_realm again;
    }
--- request
GET /t
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="again"
--- raw_response_headers_unlike: restricted



=== TEST 5: a challenge for each provider that could have given a token
--- http_config eval
my $asks = 'preset introspection;
    endpoint http://127.0.0.1:$AUTHORITY_PORT/introspect;
    credential basic $CLIENT_ID file:$SECRETS/client.secret;';
CORE::join '', map { "auth_token_provider $_->[0] { $asks\n"
                     . "token_pattern ^$_->[0]-; $_->[1] }\n" }
    ['one', 'realm "one at $host";'], ['two', 'realm two;'], ['three', ''],
    ['four', '']
--- config
    location = /all {
        auth_token          one two three four;
        auth_token_require  scope=a;
    }
    location = /two {
        auth_token          two;
    }
--- request eval: ["GET /all", "GET /all", "GET /all", "GET /two"]
--- more_headers eval
['', 'Authorization: Bearer two-unknown-0123456789',
 'Authorization: Bearer three-unknown-0123456789', '']
--- error_code eval: [401, 401, 401, 401]
--- raw_response_headers_like eval
my ($b, $e) = ('WWW-Authenticate: Bearer realm=', ', error="invalid_token"\r\n');
my ($first, $last) = ('^(?s:(?!WWW).)*', '(?!(?s:.*)WWW)');
my $s = ', scope="a"\r\n';
["$first$b\"one at localhost\"$s$b\"two\"$s$b\"restricted\"$s$last",
 "$first$b\"two\"$e$last", "$first$b\"restricted\"$e$last",
 "$first$b\"two\"\r\n$last"]
