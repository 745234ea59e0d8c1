# What the backend learns: fields, auth_token_set, $auth_token_record; and that
# nothing of it can end a header field or comes from another request.

use lib 't/lib';
use AuthToken;
use MIME::Base64 qw(encode_base64url);

our $http = <<'E2';
    auth_token_provider oauth {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
    auth_token_set $roles      /roles      join=,;
    auth_token_set $roles_json /roles;
    auth_token_set $first      /roles/0;
    auth_token_set $city       /address/city;
    auth_token_set $address    /address;
    auth_token_set $level      /level;
    auth_token_set $team       /team       "join=; ";

    proxy_set_header X-Roles   "<$roles>";
    proxy_set_header X-Json    "<$roles_json>";
    proxy_set_header X-First   "<$first>";
    proxy_set_header X-City    "<$city>";
    proxy_set_header X-Address "<$address>";
    proxy_set_header X-Level   "<$level>";
    proxy_set_header X-Team    "<$team>";
    proxy_set_header X-Field   "<$auth_token_field_team>";
E2

our $config = <<'E2';
    location / {
        auth_token oauth;
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /open {
        proxy_pass http://127.0.0.1:$BACKEND_PORT;
    }
    location = /record {
        auth_token oauth;
        add_header X-Record "<$auth_token_record>" always;
        empty_gif;
    }
    location = /details {
        auth_token cloudflare;
        add_header X-Record "<$auth_token_record>" always;
        empty_gif;
    }
    location = /dry {
        auth_token oauth;
        auth_token_dry_run on;
        auth_token_require scope=admin;
        add_header X-Record "<$auth_token_record$roles$auth_token_field_scope>";
        empty_gif;
    }
E2

# the field X-Record, as a regular expression
sub record {
    my ($json) = @_;
    return 'X-Record: <' . ($json eq '' ? '' : encode_base64url($json)) . '>';
}

no_root_location();
repeat_each(2);
run_tests();

__DATA__

=== TEST 1: fields by pointer, lists as JSON or joined
--- http_config eval: $::http
--- config eval: $::config
--- tokens
{"fields-all-0123456789": {"status": "active", "introspection": {
    "roles": ["a", "b", 3, true], "address": {"city": "K\u00f6ln"},
    "level": 7, "team": "ops"}},
 "fields-comma-0123456789": {"status": "active", "introspection": {
    "roles": ["a,b", "c"], "team": ["x", "y;z"], "level": 1.5}},
 "fields-nested-0123456789": {"status": "active", "introspection": {
    "roles": ["a", ["b"]], "team": ["x", "y; z"], "address": null}},
 "fields-lines-0123456789": {"status": "active", "introspection": {
    "roles": ["a", "b\r\nX-Admin: yes"], "team": "ops\r\nX-Admin: yes",
    "address": {"city": "a\n\u007fb"}, "level": ""}},
 "fields-none-0123456789": {"status": "active"}}
--- request eval: ["GET /a", "GET /b", "GET /c", "GET /d", "GET /e", "GET /open"]
--- more_headers eval
[map { "Authorization: Bearer fields-$_-0123456789\nX-Roles: forged" }
 qw(all comma nested lines none all)]
--- error_code eval: [(200) x 6]
--- backend_like
^X-Roles: <a,b,3,true>\nX-Json: <\["a","b",3,true\]>\nX-First: <a>\nX-City: <K[^>]+ln>\nX-Address: <\{"city":"K(\\u00[0-9a-f]{2})+ln"\}>\nX-Level: <7>\nX-Team: <ops>\nX-Field: <ops>\n
^X-Roles: <>\nX-Json: <\["a,b","c"\]>\nX-First: <a,b>\nX-City: <>\nX-Address: <>\nX-Level: <1.5>\nX-Team: <x; y;z>\nX-Field: <\["x","y;z"\]>\n
^X-Roles: <>\nX-Json: <\["a",\["b"\]\]>\nX-First: <a>\nX-City: <>\nX-Address: <>\nX-Level: <>\nX-Team: <>\nX-Field: <\["x","y; z"\]>\n
^X-Roles: <>\nX-Json: <\["a","b\\u000d\\u000aX-Admin: yes"\]>\nX-First: <a>\nX-City: <>\nX-Address: <\{"city":"a\\u000a\\u007fb"\}>\nX-Level: <>\nX-Team: <>\nX-Field: <>\n
^X-Roles: <>\nX-Json: <>\nX-First: <>\nX-City: <>\nX-Address: <>\nX-Level: <>\nX-Team: <>\nX-Field: <>\n
^X-Roles: <>\nX-Json: <>\nX-First: <>\nX-City: <>\nX-Address: <>\nX-Level: <>\nX-Team: <>\nX-Field: <>\n



=== TEST 2: the whole record
--- http_config eval: $::http
--- config eval: $::config
--- tokens
{"record-whole-0123456789": {"status": "active", "exp": 4102444800,
    "introspection": {"sub": "me\r\n", "list": [1, {"a": null}]}},
 "cfut_record_of_details_0123456789012345678901234": {
    "id": "00000000000000000000000000000009", "status": "active",
    "name": "n", "not_before": "2020-01-01T00:00:00Z", "policies": []}}
--- request eval: ["GET /record", "GET /details", "GET /record", "GET /dry"]
--- more_headers eval
['Authorization: Bearer record-whole-0123456789',
 'Authorization: Bearer cfut_record_of_details_0123456789012345678901234',
 'Authorization: Bearer $TOKEN_UNKNOWN', 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval: [200, 200, 401, 200]
--- raw_response_headers_like eval
[::record('{"sub":"me\u000d\u000a","list":[1,{"a":null}],"expires_on":4102444800}'),
 ::record('{"id":"00000000000000000000000000000009","name":"n","status":"active","policies":[],"not_before":1577836800}'),
 ::record(''), ::record('')]
--- log_level: warn



=== TEST 3: too long for a header is not known
--- http_config eval: $::http
--- config eval: $::config
--- tokens eval
'{"record-long-0123456789": {"status": "active", "introspection": {"team": "'
. 'x' x 16385 . '"}}, "record-fits-0123456789": {"status": "active", '
. '"introspection": {"team": "' . 'x' x 12000 . '"}}}'
--- request eval: ["GET /", "GET /record", "GET /record"]
--- more_headers eval
[map { "Authorization: Bearer record-$_-0123456789" } qw(long long fits)]
--- error_code eval: [200, 200, 200]
--- backend_like
^X-Team: <>\nX-Field: <>\n
--- raw_response_headers_like eval
['200', 'X-Record: <>', 'X-Record: <[A-Za-z0-9_-]{16000,16384}>']
--- log_level: warn



=== TEST 4: a connection's next request has nothing of the one before
--- http_config eval: $::http
--- config eval: $::config
--- tokens
{"next-first-0123456789": {"status": "active", "introspection": {"team": "one"}},
 "next-second-0123456789": {"status": "active", "introspection": {"level": 2}}}
--- pipelined_requests eval
["GET /a", "GET /open", "GET /b", "GET /a"]
--- more_headers eval
['Authorization: Bearer next-first-0123456789', '',
 'Authorization: Bearer next-second-0123456789',
 'Authorization: Bearer next-first-0123456789']
--- error_code eval: [200, 200, 200, 200]
--- strangers_ok: 1 GET /open: no token  # a location without auth_token
--- backend_like
^X-Level: <>\nX-Team: <one>\nX-Field: <one>\n
^X-Level: <>\nX-Team: <>\nX-Field: <>\n
^X-Level: <2>\nX-Team: <>\nX-Field: <>\n
^X-Level: <>\nX-Team: <one>\nX-Field: <one>\n
