# Tests for the preset "introspection", RFC 7662.

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
    location = /t {
        auth_token  rfc;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
    request => 'GET /t',
    more_headers => 'Authorization: Bearer $TOKEN_GOOD',
);

add_block_preprocessor(sub {
    my ($block) = @_;

    my $answer = $block->answer;
    if (defined $answer) {
        $block->set_value('authority',
                          "[{\"match\": {}, \"answer\": {$answer}}]");
    }

    if (defined $block->unusable) {
        $block->set_value('error_code', '503');
        $block->set_value('response_headers',
                          "Retry-After: 1\n!WWW-Authenticate");
        $block->set_value('verdict', 'UNAVAILABLE MISS');
        $block->set_value('lookups', '1 0-1');
        my $reason = $block->unusable;
        chomp $reason;
        $block->set_value('error_log', qq{step "introspection": $reason});
        $block->set_value('warm_error_log', 'verdict UNAVAILABLE');
    }
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: an active token
--- response_body
backend: GET /t
--- verdict: ALLOWED MISS
--- lookups_like
\APOST /introspect HTTP/1.1\n(?si:.*^Content-Type: application/x-www-form-urlencoded$.*)^token=$TOKEN_GOOD&token_type_hint=access_token\z



=== TEST 2: nothing else stands in the request
--- more_headers
Authorization: Bearer $TOKEN_GOOD
Cookie: a=b
--- response_body
backend: GET /t
--- lookups_like
\APOST /introspect HTTP/1.1\n(?i:(?:Host|User-Agent|Accept|Authorization|Content-Type|Content-Length): [^\n]*\n)+\n[^\n]*\z



=== TEST 3: all that is legal in a token is escaped in the form
--- tokens
{"a-._~+/b==": {"status": "active"}}
--- more_headers
Authorization: Bearer a-._~+/b==
--- response_body
backend: GET /t
--- lookups_like
^token=a-\._~%2B%2Fb%3D%3D&token_type_hint=access_token\z



=== TEST 4: a token cannot add a parameter
--- more_headers
Authorization: Bearer a&token_type_hint=x
--- error_code: 400
--- lookups: 0



=== TEST 5: the longest token, and one that is too long
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer ' . 'x' x 4096, 'Authorization: Bearer ' . 'x' x 4097]
--- error_code eval
[401, 401]
--- verdict
UNKNOWN MISS
UNKNOWN -
--- lookups: 1 0



=== TEST 6: one character
--- tokens
{"x": {"status": "active"}}
--- more_headers
Authorization: Bearer x
--- response_body
backend: GET /t



=== TEST 7: not active
--- more_headers
Authorization: Bearer $TOKEN_DISABLED
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- verdict: UNKNOWN MISS
--- lookups: 1 0



=== TEST 8: not active, whatever else is said of it
--- answer
"body": {"active": false, "exp": 1, "scope": 7}
--- error_code: 401
--- verdict: UNKNOWN MISS



=== TEST 9: expired, not yet valid, in the window
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
[map { "Authorization: Bearer \$TOKEN_$_" } qw(EXPIRED FUTURE LIMITED)]
--- error_code eval
[401, 401, 200]
--- verdict
EXPIRED MISS
NOT_YET_VALID MISS
ALLOWED MISS



=== TEST 10: active is no boolean: a string
--- answer
"body": {"active": "true"}
--- unusable:



=== TEST 11: active is no boolean: a number
--- answer
"body": {"active": 1}
--- unusable:



=== TEST 12: active is no boolean: null
--- answer
"body": {"active": null}
--- unusable:



=== TEST 13: no active
--- answer
"body": {"exp": 4102444800}
--- unusable:



=== TEST 14: an empty object
--- answer
"body": {}
--- unusable:



=== TEST 15: a list
--- answer
"body": [{"active": true}]
--- unusable:



=== TEST 16: twice the same member
--- answer
"body": "{\"active\":false,\"active\":true}"
--- unusable:



=== TEST 17: an exp that is a string
--- answer
"body": {"active": true, "exp": "4102444800"}
--- unusable:



=== TEST 18: an exp that is null
--- answer
"body": {"active": true, "exp": null}
--- unusable:



=== TEST 19: an exp beyond the year 9999
--- answer
"body": {"active": true, "exp": 253402300800}
--- unusable:



=== TEST 20: an exp far beyond it
--- answer
"body": "{\"active\":true,\"exp\":1e300}"
--- unusable:



=== TEST 21: an exp that no integer holds
--- answer
"body": "{\"active\":true,\"exp\":99999999999999999999999}"
--- unusable:



=== TEST 22: an exp with a fraction in the future
--- answer
"body": "{\"active\":true,\"exp\":4102444800.75}"
--- response_body
backend: GET /t



=== TEST 23: an exp of long ago
--- answer
"body": {"active": true, "exp": 0}
--- error_code: 401
--- verdict: EXPIRED MISS



=== TEST 24: an exp before the epoch
--- answer
"body": {"active": true, "exp": -1}
--- unusable:



=== TEST 25: an nbf that is a boolean
--- answer
"body": {"active": true, "nbf": false}
--- unusable:



=== TEST 26: a scope that is a list
--- answer
"body": {"active": true, "scope": ["read"]}
--- unusable:



=== TEST 27: an aud that is a list, or a string
--- tokens
{"one": {"status": "active", "aud": ["a", "b"]},
 "two": {"status": "active", "aud": "a"}}
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer one', 'Authorization: Bearer two']
--- error_code eval
[200, 200]



=== TEST 28: an aud that is a number
--- answer
"body": {"active": true, "aud": 5}
--- unusable:



=== TEST 29: members that nobody knows are no reason to deny
--- answer
"body": {"active": true, "x": {"y": [1, 2, {"z": null}]}}
--- response_body
backend: GET /t



=== TEST 30: 401 is about the client, bare as it may be
--- answer
"status": 401, "body": "", "headers": ["-Content-Type"]
--- unusable: the credential was refused (status 401



=== TEST 31: 401 with the error of RFC 6749
--- answer
"status": 401, "body": {"error": "invalid_client"}
--- unusable: the credential was refused (status 401



=== TEST 32: 400
--- answer
"status": 400, "body": {"error": "invalid_request"}
--- unusable: the authority answered with an unexpected status (status 400



=== TEST 33: 500
--- answer
"status": 500, "body": {"active": true}
--- unusable: the authority failed (status 500



=== TEST 34: active with another status
--- answer
"status": 203, "body": {"active": true}
--- unusable: the authority answered with an unexpected status (status 203



=== TEST 35: the whole endpoint is used, also when it ends in a slash
--- http_config
    auth_token_provider rfc {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/oauth/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
--- response_body
backend: GET /t
--- lookups_like
\APOST /oauth/introspect HTTP



=== TEST 36: an endpoint by its name
--- http_config
    auth_token_provider rfc {
        preset      introspection;
        endpoint    http://localhost:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
--- response_body
backend: GET /t



=== TEST 37: fractions round towards denial
--- config
    location = /t {
        auth_token  rfc;
        add_header  X-Window "$auth_token_not_before $auth_token_expires_on";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- answer
"body": "{\"active\":true,\"nbf\":1000000000.25,\"exp\":4102444800.75}"
--- response_headers
X-Window: 1000000001 4102444800
--- response_body
backend: GET /t



=== TEST 38: an nbf with a fraction in the future
--- answer
"body": "{\"active\":true,\"nbf\":4102444800.25}"
--- error_code: 401
--- verdict: NOT_YET_VALID MISS



=== TEST 39: an exp with a fraction of long ago
--- answer
"body": "{\"active\":true,\"exp\":1000000000.75}"
--- error_code: 401
--- verdict: EXPIRED MISS



=== TEST 40: maintenance, with 200
--- answer
"body": {"status": "maintenance", "message": "try later"}
--- unusable:
