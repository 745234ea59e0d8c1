# auth_token_resource_metadata (RFC 9728): the document, and the way to it.

use lib 't/lib';
use AuthToken;

our $http = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    auth_token oauth;
E2

our $config = <<'E2';
    auth_token_resource_metadata {
        resource                  https://api.example.com/;
        authorization_servers     https://as.example.com https://as.test/x;
    }
    location / {
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /mcp/ {
        auth_token_resource_metadata {
            resource                  https://api.example.com/mcp;
            scopes_supported          read write;
            bearer_methods_supported  header query;
            resource_name             "Caf\u00e9 – \"tools\"";
            dpop_bound_access_tokens_required off;
        }
        auth_token_require scope=admin;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /plain {
        try_files /nothing /plain;
    }
E2

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: the documents need no token, all else does
--- http_config eval: $::http
--- config eval: $::config
--- request eval
["GET /.well-known/oauth-protected-resource",
 "GET /.well-known/oauth-protected-resource/mcp",
 "GET /.well-known/./oauth-protected-resource?x=y",
 "HEAD /.well-known/oauth-protected-resource",
 "GET /.well-known/oauth-protected-resource/",
 "GET /.well-known/oauth-protected-resource/mcp/",
 "GET /.well-known/oauth-protected-resourcex",
 "GET /.well-known/oauth-protected-resource/other",
 "GET /.well-known/OAuth-protected-resource",
 "GET /mcp/.well-known/oauth-protected-resource",
 "POST /.well-known/oauth-protected-resource\nx=y",
 "PUT /.well-known/oauth-protected-resource/mcp\nx=y"]
--- error_code eval
[200, 200, 200, 200, 401, 401, 401, 401, 401, 401, 405, 405]
--- response_body_like eval
my $root = '^\{"resource":"https://api.example.com/","authorization_servers":\["https://as.example.com","https://as.test/x"\],"bearer_methods_supported":\["header"\]\}\n$';
[$root,
 '^\{"resource":"https://api.example.com/mcp","scopes_supported":\["read","write"\],"bearer_methods_supported":\["header","query"\],"resource_name":"[ -~]+ \\\\"tools\\\\"","dpop_bound_access_tokens_required":false\}\n$',
 $root, '^$', ('401 Authorization Required') x 6, ('405 Not Allowed') x 2]
--- response_headers_like eval
[("Content-Type: application/json") x 4, ("Content-Type: text/html") x 8]
--- backend_hits: 0
--- lookups: 0



=== TEST 2: the challenge says where it is
--- http_config eval: $::http
--- config eval: $::config
--- request eval: ["GET /a", "GET /mcp/a", "GET /mcp/a", "GET /mcp/a"]
--- more_headers eval
['', '', 'Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer']
--- error_code eval: [401, 401, 403, 400]
--- response_headers eval
my $at = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource';
["WWW-Authenticate: Bearer realm=\"restricted\", $at\"",
 "WWW-Authenticate: Bearer realm=\"restricted\", scope=\"admin\", $at/mcp\"",
 "WWW-Authenticate: Bearer realm=\"restricted\", error=\"insufficient_scope\", scope=\"admin\", $at/mcp\"",
 "WWW-Authenticate: Bearer realm=\"restricted\", error=\"invalid_request\", $at/mcp\""]



=== TEST 3: allow and deny hold for it; a location of its own has the word
--- http_config eval: $::http
--- config
    auth_token_resource_metadata {
        resource  http://localhost:8080;
    }
    location / {
        deny all;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /.well-known/oauth-protected-resource/own {
        auth_token_resource_metadata {
            resource  https://api.example.com/own;
        }
        return 404;
    }
--- request eval
["GET /.well-known/oauth-protected-resource",
 "GET /.well-known/oauth-protected-resource/own"]
--- error_code eval: [403, 404]



=== TEST 4: another server does not have it
--- http_config eval
$::http . '
    server {
        listen 127.0.0.1:$FREE_PORT;
        auth_token_resource_metadata { resource https://api.example.com; }
    }'
--- config
    location / {
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /other/ {
        auth_token off;
        proxy_pass http://127.0.0.1:$FREE_PORT/;
    }
--- request eval
["GET /.well-known/oauth-protected-resource",
 "GET /other/.well-known/oauth-protected-resource"]
--- error_code eval: [401, 200]
--- backend_hits: 0
