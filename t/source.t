# Where the token of a request comes from, and that there is one of them.

use lib 't/lib';
use AuthToken;

our $oauth = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    map $http_authorization $legacy { "~^Token (?<t>.+)$" $t; }
    map $http_authorization $same { "~^Bearer (?<s>.+)$" $s; }
    access_log off;
E2

our $config = <<'E2';
    location = /cookie {
        auth_token oauth token=$cookie_session;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /query {
        auth_token oauth token=$arg_access_token;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /field {
        auth_token oauth token=$http_x_api_token;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /legacy {
        auth_token oauth token=$legacy;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /same {
        auth_token oauth token=$same;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /either {
        auth_token oauth token=$cookie_session token=$same;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /several {
        auth_token oauth token=$http_authorization token=${cookie_session}
                         token=$arg_t;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
E2

our @cases = (
    # what is sent, the status, the lines of its head
    ['GET /cookie', 200, 'Cookie: session=$TOKEN_GOOD'],
    ['GET /cookie', 200, 'Cookie: a=b; session=$TOKEN_GOOD; c=d'],
    ['GET /cookie', 401, 'Cookie: xsession=$TOKEN_GOOD'],
    ['GET /cookie', 401, 'Cookie: session='],
    ['GET /cookie', 401, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /cookie', 400, 'Cookie: session="$TOKEN_GOOD"'],
    ['GET /cookie', 400, 'Cookie: session=$TOKEN_GOOD; session=$TOKEN_GOOD'],
    ['GET /cookie', 400, 'Cookie: session=$TOKEN_GOOD; SESSION=x'],
    ['GET /cookie', 400, "Cookie: session=\$TOKEN_GOOD\nCookie: session=x"],
    ['GET /cookie', 400, "Cookie: session=\$TOKEN_GOOD\n"
                         . 'Authorization: Bearer $TOKEN_OTHER'],
    ['GET /cookie', 400, "Cookie: session=\$TOKEN_GOOD\n"
                         . 'Authorization: Bearer'],
    ['GET /cookie', 200, "Cookie: session=\$TOKEN_GOOD\n"
                         . 'Authorization: Basic YTpi'],

    ['GET /cookie', 400, "Cookie: session=\$TOKEN_GOOD\n"
                         . 'Authorization: Bearer $TOKEN_GOOD'],

    ['GET /query?access_token=$TOKEN_GOOD', 200, ''],
    ['GET /query?a=b&access_token=$TOKEN_GOOD&c', 200, ''],
    ['GET /query?access_token=$TOKEN_UNKNOWN', 401, ''],
    ['GET /query?access_token=$TOKEN_GOOD&access_token=$TOKEN_GOOD', 400, ''],
    ['GET /query?access_token=$TOKEN_GOOD&Access_Token=x', 400, ''],
    ['GET /query?access_token=$TOKEN_GOOD', 400,
     'Authorization: Bearer $TOKEN_OTHER'],
    ['GET /query?access_token=$TOKEN_GOOD', 400,
     'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /query?access_token=%00$TOKEN_GOOD', 400, ''],

    ['GET /field', 200, 'X-Api-Token: $TOKEN_GOOD'],
    ['GET /field', 400, 'X-Api-Token: Bearer $TOKEN_GOOD'],
    ['GET /field', 400, "X-Api-Token: \$TOKEN_GOOD\nX-Api-Token: x"],
    ['GET /field', 401, 'X-Api-Tokens: $TOKEN_GOOD'],
    ['GET /field', 400, "X-Api-Token: \$TOKEN_GOOD\n"
                        . 'Authorization: Bearer $TOKEN_GOOD'],

    ['GET /legacy', 200, 'Authorization: Token $TOKEN_GOOD'],
    ['GET /legacy', 401, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /same', 200, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /either', 200, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /either', 200, 'Cookie: session=$TOKEN_GOOD'],
    ['GET /either', 400, "Cookie: session=\$TOKEN_GOOD\n"
                         . 'Authorization: Bearer $TOKEN_GOOD'],

    ['GET /several', 200, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /several', 200, 'Cookie: session=$TOKEN_GOOD'],
    ['GET /several?t=$TOKEN_GOOD', 200, ''],
    ['GET /several', 401, ''],
    ['GET /several?t=$TOKEN_GOOD', 400, 'Cookie: session=$TOKEN_GOOD'],
    ['GET /several?t=$TOKEN_GOOD', 400, 'Authorization: Bearer $TOKEN_GOOD'],
    ['GET /several?t=$TOKEN_GOOD', 400, 'Authorization: Bearer'],
);

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: one source, and no other beside it
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval: [map { $_->[0] } @::cases]
--- more_headers eval: [map { $_->[2] } @::cases]
--- error_code eval: [map { $_->[1] } @::cases]
--- backend_hits: 13
--- lookups: 2 0
--- log_level: warn
--- token_in_log_ok: nginx logs the request line of a denial
--- token_in_response_ok: the backend repeats the query



=== TEST 2: the answers to none and to two
--- http_config eval: $::oauth
--- config eval: $::config
--- request eval: ["GET /cookie", "GET /cookie"]
--- more_headers eval
["", 'Cookie: session=$TOKEN_GOOD; session=$TOKEN_OTHER']
--- error_code eval: [401, 400]
--- response_headers eval
['WWW-Authenticate: Bearer realm="restricted"',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_request"']
--- lookups: 0
--- log_level: warn
