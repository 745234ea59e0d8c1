# auth_token_strip: the backend does not see the credential, and all else as
# it was.

use lib 't/lib';
use AuthToken;

our $oauth = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    map $http_authorization $legacy { "~^Token (?<t>.+)$" $t; }
    access_log off;
    auth_token_strip on;
    proxy_set_header X-Seen "<$http_authorization>";
E2

our $config = <<'E2';
    location / {
        auth_token oauth;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /off {
        auth_token oauth;
        auth_token_strip off;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /open {
        auth_token off;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /several {
        set $before "$http_authorization$cookie_session$arg_t";
        auth_token oauth token=$http_authorization token=$cookie_session
                         token=$arg_t token=$http_x_api_token token=$legacy;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /path/ {
        auth_token oauth token=$arg_t;
        proxy_pass http://127.0.0.1:$BACKEND_PORT/other/;
    }
    location /variables/ {
        auth_token oauth token=$arg_t;
        proxy_pass http://127.0.0.1:$BACKEND_PORT$request_uri;
    }
    location = /try {
        auth_token oauth;
        try_files /nothing /tried;
    }
    location = /tried {
        auth_token oauth;
        auth_token_require scope=read;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /dry {
        auth_token oauth;
        auth_token_dry_run on;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
E2

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the Authorization field goes, all others stay
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval
["GET /a", "GET /b", "GET /c"]
--- more_headers eval
["X-One: 1\nAuthorization: Bearer \$TOKEN_GOOD\nX-Two: 2\nCookie: a=b",
 "Authorization: Bearer \$TOKEN_GOOD\n" . CORE::join("\n", map { "X-F$_: $_" } 1 .. 50),
 CORE::join("\n", map { "X-F$_: $_" } 1 .. 50) . "\nAuthorization: Bearer \$TOKEN_GOOD"]
--- backend_like eval
my $many = CORE::join '\n', map { "X-F$_: $_" } 1 .. 50;
'^GET /a HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?X-One: 1\nX-Two: 2\nCookie: a=b\n\n' . "\n"
. "^GET /b HTTP/1.[01]\\n(?s:(?!Authorization).)*$many\\n\\n\n"
. "^GET /c HTTP/1.[01]\\n(?s:(?!Authorization).)*$many\\n\\n\n"
--- strangers_ok: 3 GET /[abc]: no token  # stripped
--- error_code eval: [200, 200, 200]
--- log_level: warn



=== TEST 2: it stays where nothing is to go, and where nothing is protected
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval: ["GET /off", "GET /open", "GET /several"]
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_GOOD',
 "Authorization: Basic YTpi\nCookie: session=\$TOKEN_GOOD"]
--- backend_like
^Authorization: Bearer $TOKEN_GOOD$
^Authorization: Bearer $TOKEN_GOOD$
^Authorization: Basic YTpi\n\n
--- strangers_ok: 1 GET /several: no token  # stripped
--- error_code eval: [200, 200, 200]
--- log_level: warn



=== TEST 3: from wherever it came
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval
['GET /several?t=$TOKEN_GOOD', 'GET /several?a=%2fb&t=$TOKEN_GOOD&c=d',
 'GET /several/%2fx?a=b&T=$TOKEN_GOOD', "GET /several", "GET /several",
 "GET /several", "GET /several", 'GET /path/x?t=$TOKEN_GOOD&y=z',
 'GET /variables/%41?y&t=$TOKEN_GOOD', "GET /several"]
--- more_headers eval
["", "", "", 'Cookie: session=$TOKEN_GOOD',
 'Cookie: a=b; session=$TOKEN_GOOD; c=d',
 "Cookie: session=\$TOKEN_GOOD; c=d\nX-Last: 1", 'X-Api-Token: $TOKEN_GOOD',
 "", "", "Authorization: Token \$TOKEN_GOOD\nX-Last: 1"]
--- backend_like
^GET /several HTTP/1.[01]\n
^GET /several\?a=%2fb&c=d HTTP/1.[01]\n
^GET /several/%2fx\?a=b HTTP/1.[01]\n
^GET /several HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?\n
^Cookie: a=b; c=d\n
^Cookie: c=d\nX-Last: 1\n
^GET /several HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?\n
^GET /other/x\?y=z HTTP/1.[01]\n
^GET /variables/%41\?y HTTP/1.[01]\n
^GET /several HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?X-Last: 1\n\n
--- strangers_ok: 10 GET /(several|other|variables)(/.*)?: no token  # stripped
--- error_code eval: [(200) x 10]
--- log_level: warn
--- lookups: 1 0



=== TEST 4: it is remembered where the request goes on to
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval: ["GET /try", "GET /try"]
--- more_headers eval
["Authorization: Bearer \$TOKEN_GOOD\nX-Last: 1",
 'Authorization: Bearer $TOKEN_UNKNOWN']
--- strangers_ok: 1 GET /tried: no token  # stripped
--- error_code eval: [200, 401]
--- backend_like
^GET /tried HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?X-Last: 1\n\n
--- lookups: 2 0
--- log_level: warn



=== TEST 5: a dry run that denies takes it away as well
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval: ["GET /dry", "GET /dry"]
--- more_headers eval
["Authorization: Bearer \$TOKEN_UNKNOWN\nX-Last: 1",
 "Authorization: Bearer not a token\nX-Last: 2"]
--- strangers_ok: 2 GET /dry: no token  # a dry run, and stripped
--- error_code eval: [200, 200]
--- backend_like
^GET /dry HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?X-Last: 1\n\n
^GET /dry HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?X-Last: 2\n\n
--- log_level: warn



=== TEST 6: a request of nothing but the credential
--- http_config eval: $::oauth
--- config eval: $::config
--- raw_request eval
"GET /a HTTP/1.0\r\nAuthorization: Bearer \$TOKEN_GOOD\r\n\r\n"
--- strangers_ok: 1 GET /a: no token  # stripped
--- backend_like
^GET /a HTTP/1.[01]\nX-Seen: <>\nHost: [^\n]*\n(Connection: close\n)?\n
