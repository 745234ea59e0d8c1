# auth_token_error_format problem: RFC 9457 in place of nginx's pages.

use lib 't/lib';
use AuthToken;

our $http = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    auth_token oauth;
    auth_token_error_format problem;
E2

our $config = <<'E2';
    location / {
        root html;
    }
    location /scope {
        auth_token_require scope=$arg_s;
        root html;
    }
    location /hidden {
        auth_token_status MISSING=404 UNKNOWN=418;
        root html;
    }
    location /page {
        error_page 401 = @page;
        root html;
    }
    location /other {
        error_page 404 /elsewhere;
        root html;
    }
    location @page {
        auth_token off;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /default {
        auth_token_error_format default;
        root html;
    }
    location /closed {
        auth_token_status MISSING=444;
        root html;
    }
    location /any {
        satisfy any;
        auth_basic "staff";
        auth_basic_user_file $SECRETS/none;
        auth_token_require scope=admin;
        root html;
    }
E2

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: what the body says
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /", "GET /", "POST /\nbody", "GET /scope?s=admin", "GET /scope?s=a%22%C3%A4",
 "GET /hidden", "GET /hidden", "HEAD /", "GET /any", "GET /any"]
--- more_headers eval
["", 'Authorization: Bearer $TOKEN_UNKNOWN', "Authorization: Bearer",
 'Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_GOOD',
 "", 'Authorization: Bearer $TOKEN_UNKNOWN', "", "",
 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval
[401, 401, 400, 403, 403, 404, 418, 401, 401, 401]
--- response_headers_like eval
[("Content-Type: application/problem\\+json") x 10]
--- response_body eval
my $p = '{"type":"about:blank","title":';
["$p\"Unauthorized\",\"status\":401}\n",
 "$p\"Unauthorized\",\"status\":401,\"error\":\"invalid_token\"}\n",
 "$p\"Bad Request\",\"status\":400,\"error\":\"invalid_request\"}\n",
 "$p\"Forbidden\",\"status\":403,\"error\":\"insufficient_scope\",\"scope\":\"admin\"}\n",
 "$p\"Forbidden\",\"status\":403,\"error\":\"insufficient_scope\",\"scope\":\"a%22%C3%A4\"}\n",
 "$p\"Not Found\",\"status\":404}\n",
 "{\"type\":\"about:blank\",\"status\":418}\n", "",
 "$p\"Unauthorized\",\"status\":401,\"scope\":\"admin\"}\n",
 "$p\"Unauthorized\",\"status\":401,\"error\":\"insufficient_scope\",\"scope\":\"admin\"}\n"]



=== TEST 2: the header fields are those of any denial
--- http_config eval: $::http
--- config eval: $::config
--- request eval: ["GET /", "GET /any", "GET /hidden"]
--- error_code eval: [401, 401, 404]
--- raw_response_headers_like eval
['WWW-Authenticate: Bearer realm="restricted"\r\n',
 '(?s)WWW-Authenticate: Basic realm="staff"\r\n.*WWW-Authenticate: Bearer realm="restricted", scope="admin"\r\n',
 '^(?!(?s:.*)WWW-Authenticate)']



=== TEST 3: error_page has the word, nginx's pages where wanted
--- http_config eval: $::http
--- config eval: $::config
--- request eval: ["GET /page", "GET /other", "GET /default"]
--- error_code eval: [200, 401, 401]
--- response_body_like eval
['^backend: GET /page', '^\{"type":"about:blank"', '<h1>401 Authorization Required']
--- backend_hits: 1
--- strangers_ok: 1 GET /page: no token  # an error_page of the backend



=== TEST 4: when the authority fails
--- http_config eval: $::http
--- config eval: $::config
--- authority
[{"match": {}, "answer": {"status": 500}}]
--- request
GET /
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code: 503
--- response_headers
Retry-After: 1
WWW-Authenticate:
Content-Type: application/problem+json
--- response_body
{"type":"about:blank","title":"Service Unavailable","status":503}
--- error_log
auth token



=== TEST 5: a connection goes on after a denial, its body read
--- http_config eval: $::http
--- config eval: $::config
--- pipelined_requests eval
["POST /\nsome body", "GET /scope?s=read", "GET /default"]
--- more_headers eval
['', 'Authorization: Bearer $TOKEN_OTHER', '']
--- error_code eval: [401, 404, 401]



=== TEST 6: a status that ends the connection has no body
--- http_config eval: $::http
--- config eval: $::config
--- request
GET /closed
--- ignore_response
--- backend_hits: 0
