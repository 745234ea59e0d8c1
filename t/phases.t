# Tests for the place of the module among the others: who is asked first, who
# has the last word, and that one request costs one look-up.

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
    auth_token_provider rfc {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
EOF
    request => 'GET /t',
    more_headers => 'Authorization: Bearer $TOKEN_GOOD',
    user_files => ">>> users\nnginx:{PLAIN}nginx\n",
);

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: deny all costs no look-up
--- config
    location = /t {
        deny        all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- error_code: 403
--- response_headers
!WWW-Authenticate
--- lookups: 0



=== TEST 2: allow is no admission
--- config
    location = /t {
        allow       all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- error_code: 401
--- lookups: 1 0



=== TEST 3: auth_basic, which uses the same field, is asked first
--- config
    location = /t {
        auth_basic            x;
        auth_basic_user_file  ../html/users;
        auth_token            cloudflare;
    }
--- error_code: 401
--- response_headers
WWW-Authenticate: Basic realm="x"
--- lookups: 0



=== TEST 4: auth_basic and a token of a variable: both
--- config
    location = /t {
        auth_basic            x;
        auth_basic_user_file  ../html/users;
        auth_token            cloudflare token=$http_x_token;
        proxy_pass            http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'GET /t', 'GET /t', 'GET /t']
--- more_headers eval
["Authorization: Basic bmdpbng6bmdpbng=\nX-Token: \$TOKEN_GOOD",
 "Authorization: Basic bmdpbng6bmdpbng=\nX-Token: \$TOKEN_UNKNOWN",
 "Authorization: Basic bmdpbng6d3Jvbmc=\nX-Token: \$TOKEN_OTHER",
 'X-Token: $TOKEN_OTHER']
--- error_code eval
[200, 401, 401, 401]
--- lookups: 3 0
--- backend_hits: 1



=== TEST 5: auth_request that refuses costs no look-up
--- config
    location = /t {
        auth_request  /ask;
        auth_token    cloudflare;
        proxy_pass    http://127.0.0.1:$BACKEND_PORT;
    }
    location = /ask { return 403; }
--- error_code: 403
--- lookups: 0



=== TEST 6: auth_request that admits, and a token
--- config
    location = /t {
        auth_request  /ask;
        auth_token    cloudflare;
        proxy_pass    http://127.0.0.1:$BACKEND_PORT;
    }
    location = /ask { return 204; }
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_UNKNOWN']
--- error_code eval
[200, 401]
--- lookups: 3 0
--- backend_hits: 1



=== TEST 7: auth_request asks a location that a token protects: a subrequest is not judged
--- config
    location = /t {
        auth_request  /ask;
        proxy_pass    http://127.0.0.1:$BACKEND_PORT;
    }
    location = /ask {
        auth_token  cloudflare;
        return      204;
    }
--- more_headers
--- lookups: 0
--- error_code: 200
--- backend_hits: 1
--- strangers_ok: 1 GET /t: no token  # only a subrequest is protected



=== TEST 8: satisfy any: a client already admitted costs no look-up
--- config
    location = /t {
        satisfy     any;
        allow       127.0.0.1;
        deny        all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- response_body
backend: GET /t
--- lookups: 0
--- strangers_ok: 1 GET /t: unknown token  # satisfy any, by address



=== TEST 9: satisfy any: the token admits whom the address does not
--- config
    location = /t {
        satisfy     any;
        deny        all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
[map { 'GET /t' } 1 .. 5]
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_UNKNOWN',
 'Authorization: Bearer $TOKEN_ELSEWHERE', 'Authorization: Bearer a b', '']
--- error_code eval
[200, 401, 403, 400, 401]
--- response_headers eval
['!WWW-Authenticate',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_token"',
 '!WWW-Authenticate',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_request"',
 'WWW-Authenticate: Bearer realm="restricted"']
--- backend_hits: 1



=== TEST 10: satisfy any: no answer of the authority ends the request
--- config
    location = /t {
        satisfy     any;
        deny        all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- authority
[{"match": {}, "answer": {"status": 500}}]
--- error_code: 503
--- response_headers
Retry-After: 1



=== TEST 11: satisfy any with auth_basic: either of them
--- config
    location = /t {
        satisfy               any;
        auth_basic            x;
        auth_basic_user_file  ../html/users;
        auth_token            cloudflare;
        proxy_pass            http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
['Authorization: Basic bmdpbng6bmdpbng=',
 'Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_UNKNOWN']
--- error_code eval
[200, 200, 401]
--- response_headers eval
['!WWW-Authenticate', '!WWW-Authenticate',
 'WWW-Authenticate: Basic realm="x", Bearer realm="restricted", error="invalid_token"']
--- lookups: 3 0
--- backend_hits: 2
--- strangers_ok: 1 GET /t: no token  # satisfy any, by password



=== TEST 12: satisfy all needs both
--- config
    location = /t {
        satisfy     all;
        allow       127.0.0.1;
        deny        all;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_UNKNOWN']
--- error_code eval
[200, 401]
--- backend_hits: 1



=== TEST 13: limit_except
--- config
    location = /t {
        limit_except GET {
            auth_token  cloudflare;
        }
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'HEAD /t', 'DELETE /t', "POST /t\nabc", 'DELETE /t']
--- more_headers eval
['', '', '', '', 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval
[200, 200, 401, 401, 200]
--- lookups: 2 0
--- backend_hits: 3
--- strangers_ok: 2 (GET|HEAD) /t: no token  # protected except GET



=== TEST 14: limit_except that takes the protection away
--- config
    location = /t {
        auth_token  cloudflare;
        limit_except PUT {
            auth_token  off;
        }
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', "PUT /t\nabc"]
--- more_headers eval
['', '']
--- error_code eval
[200, 401]
--- backend_hits: 1
--- strangers_ok: 1 GET /t: no token  # auth_token off, except PUT



=== TEST 15: inherited, and switched off
--- config
    auth_token  cloudflare;
    location = /t { proxy_pass  http://127.0.0.1:$BACKEND_PORT; }
    location = /free {
        auth_token  off;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
    location = /nested {
        auth_token  off;
    }
--- request eval
['GET /t', 'GET /free', 'GET /nowhere']
--- more_headers eval
['', '', '']
--- error_code eval
[401, 200, 401]
--- backend_hits: 1
--- strangers_ok: 1 GET /free: no token  # auth_token off



=== TEST 16: an internal redirect: one look-up
--- config
    location = /t {
        auth_token  cloudflare;
        error_page  404 = /elsewhere;
        root        html/nothing;
    }
    location = /elsewhere {
        auth_token  cloudflare;
        add_header  X-Verdict "$auth_token_verdict $auth_token_cache $auth_token_id";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- response_headers
X-Verdict: ALLOWED MISS $ID_GOOD
--- warm_response_headers
X-Verdict: ALLOWED HIT $ID_GOOD
--- lookups: 2 0
--- backend_hits: 1



=== TEST 17: an index is an internal redirect
--- config
    auth_token  cloudflare;
    root        html;
    index       start.txt;
    location / { }
    location = /start.txt { add_header X-Verdict "$auth_token_verdict $auth_token_cache"; }
--- user_files
>>> start.txt
hello
--- request
GET /
--- response_headers
X-Verdict: ALLOWED MISS
--- warm_response_headers
X-Verdict: ALLOWED HIT
--- lookups: 2 0



=== TEST 18: try_files and a named location: one look-up, the verdict stays
--- config
    location = /t {
        auth_token  cloudflare;
        try_files   /nothing @named;
    }
    location @named {
        auth_token  cloudflare;
        add_header  X-Verdict "$auth_token_verdict $auth_token_cache $auth_token_id";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- response_headers
X-Verdict: ALLOWED MISS $ID_GOOD
--- warm_response_headers
X-Verdict: ALLOWED HIT $ID_GOOD
--- lookups: 2 0
--- backend_hits: 1



=== TEST 19: the verdict stays also where the new location does not ask
--- config
    location = /t {
        auth_token  cloudflare;
        try_files   /nothing @named;
    }
    location @named {
        add_header  X-Verdict "$auth_token_verdict $auth_token_cache $auth_token_id";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- response_headers
X-Verdict: ALLOWED MISS $ID_GOOD
--- warm_response_headers
X-Verdict: ALLOWED HIT $ID_GOOD
--- lookups: 2 0
--- backend_hits: 1



=== TEST 20: a redirect into a protected location is judged there
--- config
    location = /t {
        rewrite ^ /inner last;
    }
    location = /inner {
        internal;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
    location = /named {
        try_files   /nothing @named;
    }
    location @named {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
    location = /accel {
        proxy_pass  http://127.0.0.1:$FREE_PORT;
    }
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
    server {
        listen 127.0.0.1:$FREE_PORT;
        location / { add_header X-Accel-Redirect /inner; return 200; }
    }
--- request eval
['GET /t', 'GET /named', 'GET /accel']
--- more_headers eval
['', 'Authorization: Bearer $TOKEN_UNKNOWN', 'Authorization: Bearer $TOKEN_DISABLED']
--- error_code eval
[401, 401, 401]
--- backend_hits: 0



=== TEST 21: another provider after a redirect is asked for itself
--- config
    location = /t {
        auth_token  cloudflare;
        try_files   /nothing @named;
    }
    location @named {
        auth_token  rfc;
        add_header  X-Verdict "$auth_token_verdict $auth_token_provider";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- response_headers
X-Verdict: ALLOWED rfc
--- lookups_like
^GET /client/v4/user/tokens/verify
^GET /client/v4/user/tokens/$ID_GOOD
^POST /introspect



=== TEST 22: the first provider's yes is not the second one's
--- config
    location = /t {
        auth_token  cloudflare;
        try_files   /nothing @named;
    }
    location @named {
        auth_token  rfc;
        add_header  X-Verdict "$auth_token_verdict $auth_token_provider" always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- authority
[{"match": {"path": "/introspect"}, "answer": {"body": {"active": false}}}]
--- error_code: 401
--- response_headers
X-Verdict: UNKNOWN rfc
--- lookups: 3 0



=== TEST 23: back and forth between two providers: each is asked once
--- config
    location = /t {
        auth_token  cloudflare;
        try_files   /nothing @two;
    }
    location @two {
        auth_token  rfc;
        error_page  404 = @three;
        try_files   /nothing =404;
    }
    location @three {
        auth_token  cloudflare;
        add_header  X-Verdict "$auth_token_verdict $auth_token_provider $auth_token_cache";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- response_headers
X-Verdict: ALLOWED cloudflare MISS
--- warm_response_headers
X-Verdict: ALLOWED cloudflare HIT
--- lookups: 3 0
--- backend_hits: 1



=== TEST 24: error_page for 400, 401, 403 and 503
--- config
    error_page  400 /error/400;
    error_page  401 /error/401;
    error_page  403 /error/403;
    error_page  503 /error/503;
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
    location /error/ {
        internal;
        return 200 "$auth_token_verdict $uri\n";
    }
--- authority
[{"match": {"token": "$TOKEN_OTHER"}, "answer": {"status": 500}}]
--- request eval
[map { 'GET /t' } 1 .. 5]
--- more_headers eval
['Authorization: Bearer a b', '', 'Authorization: Bearer $TOKEN_DISABLED',
 'Authorization: Bearer $TOKEN_ELSEWHERE', 'Authorization: Bearer $TOKEN_OTHER']
--- error_code eval
[400, 401, 401, 403, 503]
--- response_body eval
["MALFORMED /error/400\n", "MISSING /error/401\n", "INACTIVE /error/401\n",
 "ADDRESS_DENIED /error/403\n", "UNAVAILABLE /error/503\n"]
--- backend_hits: 0



=== TEST 25: error_page that is protected itself does not ask again
--- config
    auth_token  cloudflare;
    root        html;
    error_page  401 /error.txt;
    location = /t { }
    location = /error.txt { }
--- user_files
>>> error.txt
never
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- error_code: 401
--- response_body_unlike: never
--- lookups: 1 0



=== TEST 26: error_page to a named location that answers 200
--- config
    location = /t {
        auth_token  cloudflare;
        error_page  401 = @login;
    }
    location @login { return 200 "log in: $auth_token_verdict\n"; }
--- more_headers
--- error_code: 200
--- response_body
log in: MISSING



=== TEST 27: the provider of a variable
--- config
    location = /t {
        auth_token  $arg_p;
        add_header  X-Verdict "$auth_token_verdict,$auth_token_provider" always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t?p=cloudflare', 'GET /t?p=rfc', 'GET /t?p=off']
--- error_code eval
[200, 200, 200]
--- response_headers eval
['X-Verdict: ALLOWED,cloudflare', 'X-Verdict: ALLOWED,rfc', 'X-Verdict: ,']
--- lookups: 3 0
--- backend_hits: 3



=== TEST 28: a variable that names no provider denies, and says so
--- config
    location = /t {
        auth_token  $arg_p;
        add_header  X-Verdict "$auth_token_verdict,$auth_token_provider" always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t?p=nobody', 'GET /t?p=', 'GET /t', 'GET /t?p=OFF', 'GET /t?p=cloudflar',
 'GET /t?p=cloudflare2', 'GET /t?p=CLOUDFLARE']
--- error_code eval
[map { 503 } 1 .. 7]
--- response_headers eval
[map { 'X-Verdict: UNAVAILABLE,' } 1 .. 7]
--- error_log
[error]
the value of "$arg_p" names no provider
--- lookups: 0



=== TEST 29: the same without a token, or with a broken one
--- config
    location = /t {
        auth_token  $arg_p;
        add_header  X-Verdict "$auth_token_verdict,$auth_token_provider" always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t?p=nobody', 'GET /t?p=nobody']
--- more_headers eval
['', 'Authorization: Bearer a b']
--- error_code eval
[503, 503]
--- lookups: 0



=== TEST 30: a server without a location for it, and static files
--- config
    auth_token cloudflare;
    root html;
    location / { }
--- user_files
>>> secret.txt
secret
--- request eval
['GET /secret.txt', 'GET /secret.txt', 'GET /%2e/secret.txt', 'GET //secret.txt',
 'GET /x/../secret.txt']
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', '', '', '', '']
--- error_code eval
[200, 401, 401, 401, 401]



=== TEST 31: a broken token is not taken for none that another place asked for
--- config
    location = /c {
        auth_token  cloudflare token=$arg_x;
        auth_token_dry_run  on;
        try_files   /none /d;
    }
    location = /d {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /d', 'GET /c']
--- more_headers eval
['Authorization: Bearer:x', 'Authorization: Bearer:x']
--- error_code eval
[400, 400]
--- lookups: 0



=== TEST 32: another token of the request is asked about for itself
--- config
    location = /t {
        auth_token  cloudflare token=$http_x_one;
        try_files   /nothing /two;
    }
    location = /two {
        auth_token  cloudflare token=$http_x_two;
        add_header  X-Verdict "$auth_token_verdict,$auth_token_id" always;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
[map { 'GET /t' } 1 .. 4]
--- more_headers eval
["X-One: \$TOKEN_LIMITED\nX-Two: \$TOKEN_LIMITED",
 "X-One: \$TOKEN_LIMITED\nX-Two: \$TOKEN_EXPIRED",
 "X-One: \$TOKEN_LIMITED\nX-Two: \${TOKEN_LIMITED}x",
 "X-One: \$TOKEN_GOOD\nX-Two: \$TOKEN_OTHER"]
--- error_code eval
[200, 401, 401, 200]
--- response_headers eval
['X-Verdict: ALLOWED,$ID_LIMITED', 'X-Verdict: EXPIRED,$ID_EXPIRED',
 'X-Verdict: UNKNOWN,', 'X-Verdict: ALLOWED,$ID_OTHER']
--- lookups: 8 0
--- backend_hits: 2
