# Tests for where the token may stand in a request: the Authorization field,
# or a variable.  What may stand in the field: bearer-raw.t.

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

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: no token from anywhere else
--- raw_request eval
"GET /t?access_token=\$TOKEN_GOOD HTTP/1.1\r\nHost: localhost\r\n" .
"Proxy-Authorization: Bearer \$TOKEN_GOOD\r\nX-Authorization: Bearer \$TOKEN_GOOD\r\n" .
"Cookie: Authorization=\$TOKEN_GOOD\r\nConnection: close\r\n\r\n"
--- error_code: 401
--- response_headers
X-Verdict: MISSING
--- lookups: 0
--- token_in_log_ok: nginx logs the request line



=== TEST 2: of a variable, whole
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
--- lookups: 2 0
--- backend_hits: 1



=== TEST 3: a form and a query are no place for a token
--- request
POST /t?access_token=$TOKEN_GOOD
access_token=$TOKEN_GOOD
--- more_headers
Content-Type: application/x-www-form-urlencoded
--- error_code: 401
--- response_headers
X-Verdict: MISSING
--- lookups: 0
--- token_in_log_ok: nginx logs the request line



=== TEST 4: of a variable, in place of the field
--- config
    location / {
        auth_token  rfc token=$cookie_session;
        add_header  X-Verdict $auth_token_verdict always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
["Cookie: session=\$TOKEN_GOOD", "Cookie: session=\$TOKEN_UNKNOWN",
 "Cookie: session=\$TOKEN_UNKNOWN\nAuthorization: Bearer \$TOKEN_GOOD"]
--- error_code eval
[200, 401, 400]
--- response_headers eval
['X-Verdict: ALLOWED', 'X-Verdict: UNKNOWN', 'X-Verdict: MALFORMED']
