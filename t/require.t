# auth_token_require: what a location asks of a token, and the token that
# nearly has it.

use lib 't/lib';
use AuthToken;

our $oauth = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    auth_token oauth;
E2

our $cloudflare = <<'E2';
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
    auth_token cloudflare;
E2

# location /0 has the first requirement, and so on
sub locations {
    my $n = 0;
    return join '', map {
        my $name = $n++;
        "location = /$name {\n"
        . join('', map { "auth_token_require $_;\n" } split /; */, $_)
        . "proxy_pass http://127.0.0.1:\$BACKEND_PORT;\n}\n"
    } @_;
}

# requests to /0 and so on, each with all the tokens
sub requests {
    my ($n, @tokens) = @_;
    return [map { my $i = $_; map { "GET /$i" } @tokens } 0 .. $n - 1];
}

sub bearers {
    my ($n, @tokens) = @_;
    return [map { map { "Authorization: Bearer $_" } @tokens } 1 .. $n];
}

our @scopes = (
    'scope=read', '"scope=read write"', 'scope="write read"',
    'scope=rea', 'scope=Read', 'scope="read admin"',
    '"scope_any=admin write"', 'scope_any="admin audit"',
    'scope=read; scope=write', 'scope=read scope=write',
    'scope=$arg_nothing', '"scope=read $arg_nothing"',
);

our $zone = 'com.cloudflare.api.account.zone';
our @permissions = (
    'permission="Zone Read"',
    'permission=c8fed203ed3043cba015a93ad1616f1f',
    'permission="Zone Reader"',
    'permission="zone read"',
    "permission=\"Zone Read\" resource=$zone.aaa",
    "permission=\"Zone Read\" resource=$zone.bbb",
    "permission=\"Zone Read\" resource=$zone.aa",
    "permission=\"Zone Read\" resource=$zone.\$arg_zone",
    'permission="Zone Read" resource=$arg_zone',
);

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: scopes
--- http_config eval: $::oauth
--- config eval: ::locations(@::scopes)
--- request eval: ::requests(scalar @::scopes, 1, 2)
--- more_headers eval: ::bearers(scalar @::scopes, '$TOKEN_GOOD', '$TOKEN_OTHER')
--- error_code eval
[200, 200,  200, 403,  200, 403,  403, 403,  403, 403,  403, 403,
 200, 403,  403, 403,  200, 403,  200, 403,  403, 403,  403, 403]
--- backend_hits: 7
--- lookups: 2 0



=== TEST 2: scopes are told in the challenge, to those without a token as well
--- http_config eval: $::oauth
--- config
    location = /one {
        auth_token_require scope="read admin";
        root html;
    }
    location = /two {
        auth_token_require scope=read;
        auth_token_require scope_any="admin audit";
        root html;
    }
--- request eval
["GET /one", "GET /two", "GET /two", "GET /two"]
--- more_headers eval
['Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_GOOD',
 '', 'Authorization: Bearer $TOKEN_UNKNOWN']
--- error_code eval
[403, 403, 401, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="restricted", error="insufficient_scope", scope="read admin"',
 'WWW-Authenticate: Bearer realm="restricted", error="insufficient_scope", scope="admin audit"',
 'WWW-Authenticate: Bearer realm="restricted", scope="read admin audit"',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_token"']



=== TEST 3: a variable cannot end the field, nor its value
--- http_config eval: $::oauth
--- config
    location ~ (?s)^/u/(?<wanted>.*)$ {
        auth_token_require scope=$wanted;
        root html;
    }
--- request eval
['GET /u/a%22,%20error=%22x', "GET /u/a%0d%0aX-Bad:%20b"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval
[403, 403]
--- response_headers eval
['WWW-Authenticate: Bearer realm="restricted", error="insufficient_scope", scope="a\", error=\"x"',
 "WWW-Authenticate: Bearer realm=\"restricted\", error=\"insufficient_scope\", scope=\"a??X-Bad: b\"\nX-Bad:"]



=== TEST 4: audience and issuer
--- http_config eval: $::oauth
--- config eval
::locations('audience=https://api', 'audience=https://api/', 'audience=me',
            'issuer=https://as', 'issuer=https://as.evil',
            'scope=none; audience=other', 'audience=$arg_a')
--- tokens
{"aud-string-0123456789": {"status": "active", "aud": "https://api", "iss": "https://as"},
 "aud-list-0123456789": {"status": "active", "aud": ["me", "https://api"]},
 "aud-none-0123456789": {"status": "active"},
 "aud-mixed-0123456789": {"status": "active", "aud": ["me", "https://apis"],
                          "iss": "https://as/"}}
--- request eval: ::requests(7, 1 .. 4)
--- more_headers eval
::bearers(7, 'aud-string-0123456789', 'aud-list-0123456789',
          'aud-none-0123456789', 'aud-mixed-0123456789')
--- error_code eval
[200, 200, 401, 401,   401, 401, 401, 401,   401, 200, 401, 200,
 200, 401, 401, 401,   401, 401, 401, 401,   401, 401, 401, 401,
 401, 401, 401, 401]
--- backend_hits: 5



=== TEST 5: a token for somebody else is invalid here, and its verdict FOREIGN
--- http_config eval: $::oauth
--- config
    location = /t {
        auth_token_require audience=https://api;
        add_header X-Verdict $auth_token_verdict always;
        root html;
    }
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
X-Verdict: FOREIGN
--- error_log eval
qr/access denied, verdict FOREIGN, provider "oauth", token id "", requirement in \S+nginx.conf:\d+/



=== TEST 6: claims
--- http_config eval: $::oauth
--- config eval
::locations('claim /team = ops', 'claim /team != ops', 'claim /team in dev ops',
            'claim /team !in dev ops', 'claim /roles contains admin',
            'claim /roles !contains admin', 'claim /team ~ ^o.s$',
            'claim /team !~* ^O', 'claim /level > 2', 'claim /level <= 3',
            'claim /team present', 'claim /team !present',
            'claim /deep/a~1b/0 = x', 'claim /flag = true')
--- tokens
{"claims-right-0123456789": {"status": "active", "introspection": {
    "team": "ops", "roles": ["admin", "x"], "level": 3, "flag": true,
    "deep": {"a/b": ["x"]}}},
 "claims-other-0123456789": {"status": "active", "introspection": {
    "team": "opsx", "roles": ["administrator"], "level": 4, "flag": false,
    "deep": {"a/b": ["y"]}}},
 "claims-types-0123456789": {"status": "active", "introspection": {
    "team": ["ops"], "roles": "admin", "level": "3", "flag": "yes",
    "deep": "x"}},
 "claims-null-0123456789": {"status": "active", "introspection": {
    "team": null, "roles": null, "level": null}}}
--- request eval: ::requests(14, 1 .. 4)
--- more_headers eval
::bearers(14, 'claims-right-0123456789', 'claims-other-0123456789',
          'claims-types-0123456789', 'claims-null-0123456789')
--- error_code eval
[200, 403, 403, 403,   403, 200, 403, 403,   200, 403, 403, 403,
 403, 200, 403, 403,   200, 403, 403, 403,   403, 200, 403, 403,
 200, 403, 403, 403,   403, 403, 403, 403,   200, 200, 403, 403,
 200, 403, 403, 403,   200, 200, 200, 403,   403, 403, 403, 200,
 200, 403, 403, 403,   200, 403, 403, 403]
--- backend_hits: 16



=== TEST 7: values of claims hold variables; empty ones are never met
--- http_config eval: $::oauth
--- config eval
::locations('claim /team = $arg_team', 'claim /team != $arg_team',
            'claim /team in a $arg_team', 'claim /team = "$arg_team"')
--- tokens
{"claims-right-0123456789": {"status": "active", "introspection": {"team": "ops"}}}
--- request eval
["GET /0?team=ops", "GET /0", "GET /1?team=x", "GET /1", "GET /2?team=ops",
 "GET /2", "GET /3?team=op"]
--- more_headers
Authorization: Bearer claims-right-0123456789
--- error_code eval
[200, 403, 200, 403, 200, 403, 403]
--- backend_hits: 3



=== TEST 8: a line feed at the end does not pass for an end
--- http_config eval: $::oauth
--- config eval: ::locations('claim /team ~ ^ops$', 'claim /team !~ ^dev$')
--- tokens
{"claims-lines-0123456789": {"status": "active", "introspection": {"team": "ops\n"}}}
--- request eval: ["GET /0", "GET /1"]
--- more_headers
Authorization: Bearer claims-lines-0123456789
--- error_code eval: [403, 403]



=== TEST 9: permissions of policies
--- http_config eval: $::cloudflare
--- config eval: ::locations(@::permissions)
--- tokens
{"cfut_permissions_of_a_zone_01234567890123456789": {
    "id": "00000000000000000000000000000001", "status": "active", "policies": [
    {"effect": "allow", "permission_groups": [
        {"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read"}],
     "resources": {"com.cloudflare.api.account.zone.aaa": "*"}}]},
 "cfut_permissions_nested_in_one_0123456789012345": {
    "id": "00000000000000000000000000000002", "status": "active", "policies": [
    {"effect": "allow", "permission_groups": [
        {"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read"}],
     "resources": {"com.cloudflare.api.account.acc": {
        "com.cloudflare.api.account.zone.*": "*"}}},
    {"effect": "deny", "permission_groups": [
        {"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read"}],
     "resources": {"com.cloudflare.api.account.zone.bbb": "*"}}]},
 "cfut_permissions_of_another_kind_01234567890123": {
    "id": "00000000000000000000000000000003", "status": "active", "policies": [
    {"effect": "allow", "permission_groups": [
        {"id": "00000000000000000000000000000000", "name": "DNS Read"}],
     "resources": {"com.cloudflare.api.account.zone.*": "*"}}]},
 "cfut_permissions_not_to_be_read_012345678901234": {
    "id": "00000000000000000000000000000004", "status": "active", "policies": [
    {"effect": "allow", "permission_groups": [
        {"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read"}],
     "resources": {"com.cloudflare.api.account.zone.*": "*"}},
    {"effect": "perhaps", "permission_groups": [], "resources": {}}]}}
--- request eval
[map { s/\/7/\/7?zone=aaa/r } @{::requests(9, 1 .. 4)}]
--- more_headers eval
::bearers(9, 'cfut_permissions_of_a_zone_01234567890123456789',
             'cfut_permissions_nested_in_one_0123456789012345',
             'cfut_permissions_of_another_kind_01234567890123',
             'cfut_permissions_not_to_be_read_012345678901234')
--- error_code eval
[200, 403, 403, 403,   200, 403, 403, 403,   403, 403, 403, 403,
 403, 403, 403, 403,   200, 200, 403, 403,   403, 403, 403, 403,
 403, 200, 403, 403,   200, 200, 403, 403,   403, 403, 403, 403]
--- backend_hits: 7
--- lookups: 8 0



=== TEST 10: variables: neither empty nor 0
--- http_config eval
$::oauth . 'map $arg_v $mapped { yes 1; no 0; strange 00; default ""; }'
--- config eval: ::locations('$arg_a', '$arg_a $arg_b', '$mapped status=404')
--- request eval
["GET /0?a=1", "GET /0?a=0", "GET /0?a=", "GET /0", "GET /0?a=00",
 "GET /1?a=1&b=x", "GET /1?a=1", "GET /1?b=1", "GET /2?v=yes", "GET /2?v=no"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval
[200, 403, 403, 403, 200, 200, 403, 403, 200, 404]
--- backend_hits: 4



=== TEST 11: a status for a requirement, with a challenge where one belongs
--- http_config eval: $::oauth
--- config eval
::locations('scope=admin status=404', 'scope=admin status=401',
            'audience=x status=403', 'claim /team in status=5 status=451',
            'scope=read; scope=admin status=599')
--- request eval: [map { "GET /$_" } 0 .. 4]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval: [404, 401, 403, 451, 599]
--- response_headers eval
['WWW-Authenticate:',
 'WWW-Authenticate: Bearer realm="restricted", error="insufficient_scope", scope="admin"',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_token"',
 'WWW-Authenticate:', 'WWW-Authenticate:']



=== TEST 12: a level with requirements of its own has only these
--- http_config eval: $::oauth . 'auth_token_require scope=none;'
--- config
    location /in/ {
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location /own/ {
        auth_token_require scope=read;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
        location /own/deep/ {
            proxy_pass http://127.0.0.1:$BACKEND_PORT;
        }
        location /own/other/ {
            auth_token_require scope=admin;
            proxy_pass http://127.0.0.1:$BACKEND_PORT;
        }
    }
--- request eval
["GET /in/", "GET /own/", "GET /own/deep/", "GET /own/other/"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval: [403, 200, 200, 403]
--- backend_hits: 2
--- lookups: 1 0



=== TEST 13: by method
--- http_config eval: $::oauth
--- config
    location /t {
        auth_token_require scope=read;
        limit_except GET {
            auth_token_require scope=write;
        }
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
["GET /t", "HEAD /t", "GET /t", "DELETE /t", "DELETE /t"]
--- more_headers eval
['Authorization: Bearer $TOKEN_OTHER', 'Authorization: Bearer $TOKEN_OTHER',
 'Authorization: Bearer $TOKEN_GOOD', 'Authorization: Bearer $TOKEN_OTHER',
 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval: [200, 200, 200, 403, 200]
--- backend_hits: 4
--- lookups: 2 0



=== TEST 14: the requirements of where a request ends up, one look-up
--- http_config eval: $::oauth
--- config
    location = /open {
        auth_token_require scope=read;
        index shut;
        rewrite ^ /shut last;
    }
    location = /try {
        auth_token_require scope=read;
        try_files /nothing /shut;
    }
    location = /named {
        auth_token_require scope=read;
        try_files /nothing @shut;
    }
    location = /strict {
        auth_token_require scope=admin;
        error_page 403 = /lax;
        root html;
    }
    location = /stricter {
        auth_token_require scope=admin;
        error_page 403 = @shut;
        root html;
    }
    location = /shut {
        auth_token_require scope=admin;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location @shut {
        auth_token_require scope=admin;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /lax {
        auth_token_require scope=read;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
        add_header X-Verdict $auth_token_verdict;
    }
--- request eval
["GET /open", "GET /try", "GET /named", "GET /stricter", "GET /strict"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval: [403, 403, 403, 403, 200]
--- response_headers eval
[('WWW-Authenticate: Bearer realm="restricted", error="insufficient_scope", scope="admin"') x 4,
 'X-Verdict: ALLOWED']
--- backend_hits: 1
--- lookups: 1 0



=== TEST 15: two locations share the facts, not the verdict
--- http_config eval: $::oauth
--- config eval: ::locations('scope=read', 'scope=admin')
--- request eval: ["GET /0", "GET /1", "GET /0", "GET /1"]
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- error_code eval: [200, 403, 200, 403]
--- backend_hits: 2
--- lookups: 1 0



=== TEST 16: a dry run tells and lets through, without a name
--- http_config eval: $::oauth
--- config
    location = /t {
        auth_token_dry_run on;
        auth_token_require scope=admin;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
        add_header X-Verdict $auth_token_verdict;
        add_header X-Scope "<$auth_token_scope>";
    }
--- request
GET /t
--- more_headers
Authorization: Bearer $TOKEN_GOOD
--- response_headers
X-Verdict: INSUFFICIENT
X-Scope: <>
--- backend_hits: 1
--- error_log
access denied, dry run, verdict INSUFFICIENT



=== TEST 17: step-up: a stronger or a fresher login
--- http_config eval: $::oauth
--- config eval
::locations('acr_values="urn:mfa urn:hw"', 'max_age=5m',
            'acr_values=urn:mfa; max_age=60', 'acr_values=urn:mfa status=403')
--- tokens
{"login-strong-0123456789": {"status": "active", "introspection": {"acr": "urn:hw", "auth_time": 4102444800}},
 "login-weak-0123456789": {"status": "active", "introspection": {"acr": "urn:hwx", "auth_time": 1600000000}},
 "login-types-0123456789": {"status": "active", "introspection": {"acr": ["urn:mfa"], "auth_time": "soon"}},
 "login-none-0123456789": {"status": "active"}}
--- request eval: ::requests(4, 1 .. 4)
--- more_headers eval
::bearers(4, 'login-strong-0123456789', 'login-weak-0123456789',
          'login-types-0123456789', 'login-none-0123456789')
--- error_code eval
[200, 401, 401, 401,  401, 401, 401, 401,  401, 401, 401, 401,
 403, 403, 403, 403]
--- response_headers eval
my $e = 'WWW-Authenticate: Bearer realm="restricted", error="insufficient_user_authentication"';
['WWW-Authenticate:', ("$e, acr_values=\"urn:mfa urn:hw\"") x 3,
 ("$e, max_age=\"300\"") x 4,
 ("$e, acr_values=\"urn:mfa\", max_age=\"60\"") x 4,
 ("$e, acr_values=\"urn:mfa\"") x 4]
--- backend_hits: 1



=== TEST 18: a login just now is fresh
--- http_config eval: $::oauth
--- config eval: ::locations('max_age=1h')
--- tokens eval
my $now = time;
"{\"login-fresh-0123456789\": {\"status\": \"active\", \"introspection\": {\"auth_time\": $now}}}"
--- request
GET /0
--- more_headers
Authorization: Bearer login-fresh-0123456789
--- backend_hits: 1



=== TEST 19: requirements come after window and address
--- http_config eval: $::cloudflare
--- config eval: ::locations('permission=x')
--- request eval: ["GET /0", "GET /0", "GET /0"]
--- more_headers eval
['Authorization: Bearer $TOKEN_EXPIRED', 'Authorization: Bearer $TOKEN_ELSEWHERE',
 'Authorization: Bearer $TOKEN_DISABLED']
--- error_code eval: [401, 403, 401]
--- response_headers eval
['WWW-Authenticate: Bearer realm="restricted", error="invalid_token"',
 'WWW-Authenticate:',
 'WWW-Authenticate: Bearer realm="restricted", error="invalid_token"']



=== TEST 20: what of an answer is not there to look at
--- http_config eval: $::oauth
--- config eval
::locations((map { "claim /$_ present" } qw(active exp nbf gone)),
            (map { "claim /$_ !present" } qw(active exp nbf gone)),
            'claim /id = the-jti', 'claim /jti = the-jti',
            'claim /iat > 0', 'claim /status = kept')
--- tokens
{"what-is-kept-0123456789": {"status": "active", "exp": 4102444800,
    "nbf": 1, "introspection": {"jti": "the-jti", "id": "another",
    "iat": 5, "gone": null, "status": "kept"}}}
--- request eval: ::requests(12, 1)
--- more_headers eval: ::bearers(12, 'what-is-kept-0123456789')
--- error_code eval: [(403) x 4, (200) x 8]
--- backend_hits: 8
--- lookups: 1 0
