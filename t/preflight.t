# auth_token_preflight: only what a browser sends before the request itself.

use lib 't/lib';
use AuthToken;

our $config = <<'E2';
    auth_token oauth token=$http_authorization token=$cookie_session;
    auth_token_preflight pass;
    location / {
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /off/ {
        auth_token_preflight off;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /any/ {
        satisfy any;
        deny all;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /all/ {
        deny all;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
E2

our $origin = 'Origin: https://app.example.com';
our $method = 'Access-Control-Request-Method: PUT';

our @cases = (
    ['OPTIONS /', 200, "$origin\n$method"],
    ['OPTIONS /any/', 200, "$origin\n$method"],
    ['OPTIONS /off/', 401, "$origin\n$method"],
    ['OPTIONS /all/', 403, "$origin\n$method"],
    ['OPTIONS /', 401, $origin],
    ['OPTIONS /', 401, $method],
    ['OPTIONS /', 401, ''],
    ['GET /', 401, "$origin\n$method"],
    ['HEAD /', 401, "$origin\n$method"],
    ['options /', 400, "$origin\n$method"],
    ['OPTIONS /', 401, "Origin:\n$method"],
    ['OPTIONS /', 401, "$origin\nAccess-Control-Request-Method:"],
    ['OPTIONS /', 401, "$origin\n$origin\n$method"],
    ['OPTIONS /', 401, "$origin\n$method\n$method"],
    ['OPTIONS /', 401, "$origin\n$method\nAuthorization: Bearer \$TOKEN_UNKNOWN"],
    ['OPTIONS /', 401, "$origin\n$method\nAuthorization: Basic YTpi"],
    ['OPTIONS /', 401, "$origin\n$method\nCookie: session=\$TOKEN_UNKNOWN"],
    ['OPTIONS /', 400, "$origin\n$method\nCookie: session=a b"],
    ["OPTIONS /\nbody", 401, "$origin\n$method"],
    ['OPTIONS /', 200, "$origin\n$method\nAuthorization: Bearer \$TOKEN_GOOD"],
);

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: true preflights pass, where they may
--- http_config
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
--- config eval: $::config
--- request eval: [map { $_->[0] } @::cases]
--- more_headers eval: [map { $_->[2] } @::cases]
--- error_code eval: [map { $_->[1] } @::cases]
--- backend_hits: 3
--- strangers_ok: 2 OPTIONS /(any/)?: no token  # true preflights
--- lookups: 2 0
--- log_level: warn
