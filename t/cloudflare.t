# Tests for the preset "cloudflare": verify, then details; user and account
# endpoints; every row of the table of answers.

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
EOF
    config => <<'EOF',
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
    request => 'GET /t',
    more_headers => 'Authorization: Bearer $TOKEN_GOOD',
);

# "answer" is what the authority answers at the step that "step" names;
# "unusable" is why it cannot be used, as it stands in the log
add_block_preprocessor(sub {
    my ($block) = @_;

    my $answer = $block->answer;
    return if !defined $answer;

    my ($step) = split /\n/, $block->step // 'verify';
    my $path = '/client/v4/user/tokens/'
               . ($step eq 'details' ? '$ID_GOOD' : 'verify');
    $block->set_value('authority', <<"EOF");
[{"match": {"path": "$path"}, "answer": {$answer}}]
EOF
    return if !defined $block->unusable;

    my $reason = $block->unusable;
    chomp $reason;
    $block->set_value('error_code', '503');
    $block->set_value('response_headers', "Retry-After: 1\n!WWW-Authenticate");
    $block->set_value('error_log',
                      [qq{step "$step": $reason},
                       'access denied, verdict UNAVAILABLE, '
                       . 'provider "cloudflare", token id "']);
    $block->set_value('warm_error_log', 'access denied, verdict UNAVAILABLE');
    $block->set_value('verdict', 'UNAVAILABLE MISS');
    $block->set_value('lookups', $step eq 'details' ? '2 0-1' : '1 0-1');
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a good token: verify with it, details with the credential
--- response_body
backend: GET /t
--- verdict
ALLOWED MISS
--- lookups_like
\AGET /client/v4/user/tokens/verify HTTP/1.1\n(?s:.*)^Authorization: Bearer $TOKEN_GOOD$
\AGET /client/v4/user/tokens/$ID_GOOD HTTP/1.1\n(?s:.*)^Authorization: Bearer cfut_\w{48}$



=== TEST 2: nothing else stands in the requests
--- more_headers
Authorization: Bearer $TOKEN_GOOD
Cookie: a=b
X-Forwarded-For: 192.0.2.1
Accept-Encoding: gzip
--- response_body
backend: GET /t
--- lookups_like
\A\S+ \S+ HTTP/1.1\n(?i:(?:Host|User-Agent|Accept|Authorization): [^\n]*\n)+\n\z
\A\S+ \S+ HTTP/1.1\n(?i:(?:Host|User-Agent|Accept|Authorization): [^\n]*\n)+\n\z



=== TEST 3: the endpoint may end in a slash
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens/;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- response_body
backend: GET /t
--- lookups_like
\AGET /client/v4/user/tokens/verify HTTP
\AGET /client/v4/user/tokens/$ID_GOOD HTTP



=== TEST 4: tokens of an account
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/accounts/acacacacacacacacacacacacacacacac/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- more_headers
Authorization: Bearer $TOKEN_ACCOUNT
--- response_body
backend: GET /t
--- lookups_like
\AGET /client/v4/accounts/(?:ac){16}/tokens/verify HTTP
\AGET /client/v4/accounts/(?:ac){16}/tokens/$ID_ACCOUNT HTTP



=== TEST 5: an account's token at the users' endpoint
--- more_headers
Authorization: Bearer $TOKEN_ACCOUNT
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- lookups: 1 0



=== TEST 6: a user's token at an account's endpoint
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/accounts/acacacacacacacacacacacacacacacac/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- error_code: 401
--- lookups: 1 0



=== TEST 7: another account's endpoint
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/accounts/bcbcbcbcbcbcbcbcbcbcbcbcbcbcbcbc/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- more_headers
Authorization: Bearer $TOKEN_ACCOUNT
--- error_code: 401
--- lookups: 1 0



=== TEST 8: verify, 401 with a shape
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- verdict
UNKNOWN MISS
--- lookups: 1 0



=== TEST 9: verify, 400 with a shape
--- answer
"status": 400, "body": {"success": false, "result": null, "messages": [],
"errors": [{"code": 6003, "message": "Invalid request headers"}]}
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- verdict
UNKNOWN MISS



=== TEST 10: verify, 401 without a shape: HTML
--- answer
"status": 401, "body": "<html><h1>401 Authorization Required</h1></html>",
"headers": ["-Content-Type", "Content-Type: text/html"]
--- unusable: the content type of the answer is not JSON (status 401



=== TEST 11: verify, 401 without a shape: HTML that calls itself JSON
--- answer
"status": 401, "body": "<html><h1>401 Authorization Required</h1></html>"
--- unusable:



=== TEST 12: verify, 401 without a shape: no errors
--- answer
"status": 401, "body": {"success": false}
--- unusable: the answer has not the form of the authority's refusals



=== TEST 13: verify, 401 without a shape: success
--- answer
"status": 401, "body": {"success": true, "errors": []}
--- unusable: the answer has not the form of the authority's refusals



=== TEST 14: verify, 401 without a shape: success is a string
--- answer
"status": 401, "body": {"success": "false", "errors": []}
--- unusable: the answer has not the form of the authority's refusals



=== TEST 15: verify, 401 without a shape: errors is an object
--- answer
"status": 401, "body": {"success": false, "errors": {}}
--- unusable: the answer has not the form of the authority's refusals



=== TEST 16: verify, 401 without a shape: a list
--- answer
"status": 401, "body": [{"success": false, "errors": []}]
--- unusable:



=== TEST 17: verify, 403: our own address is not admitted
--- answer
"status": 403, "body": {"success": false, "result": null,
"errors": [{"code": 9109, "message": "Cannot use the access token from location: 192.0.2.1"}]}
--- unusable: the authority refused to verify the token for this server, which the token's own address list may not admit (status 403, code 9109



=== TEST 18: verify, 404
--- answer
"status": 404, "body": {"success": false, "errors": [{"code": 7003}]}
--- unusable: the authority answered with an unexpected status (status 404, code 7003



=== TEST 19: verify, 429 with Retry-After
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://localhost:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
--- answer
"status": 429, "headers": ["Retry-After: 7"],
"body": {"success": false, "errors": [{"code": 971}]}
--- error_code: 503
--- response_headers
Retry-After: 7
!WWW-Authenticate
--- error_log
the authority asks us to wait (status 429, code 971
--- once: that is told to who asked; others are to come when we ask again



=== TEST 20: verify, 500
--- answer
"status": 500, "body": {"success": false, "errors": [{"code": 1}]}
--- unusable: the authority failed (status 500, code 1



=== TEST 21: verify, 502 of a proxy
--- answer
"status": 502, "body": "<html>Bad Gateway</html>",
"headers": ["-Content-Type", "Content-Type: text/html"]
--- unusable: the authority failed (status 502



=== TEST 22: verify, a good answer with another status
--- answer
"base": "default", "status": 201
--- unusable: the authority answered with an unexpected status (status 201



=== TEST 23: verify, 204
--- answer
"status": 204, "framing": "none", "body": ""
--- unusable:



=== TEST 24: verify, a redirect is not followed
--- answer
"base": "default", "status": 302,
"headers": ["Location: http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens/elsewhere"]
--- unusable: the authority redirects, which is not followed (status 302



=== TEST 25: verify, a permanent redirect to itself
--- answer
"base": "default", "status": 308,
"headers": ["Location: /client/v4/user/tokens/verify"]
--- unusable: the authority redirects, which is not followed (status 308



=== TEST 26: verify, success with errors
--- answer
"base": "default", "set": {"/errors": [{"code": 1, "message": "x"}]}
--- unusable: the answer has not the form of a success



=== TEST 27: verify, no success
--- answer
"base": "default", "unset": ["/success"]
--- unusable: the answer has not the form of a success



=== TEST 28: verify, success is no boolean
--- answer
"base": "default", "set": {"/success": "true"}
--- unusable: the answer has not the form of a success



=== TEST 29: verify, success is 1
--- answer
"base": "default", "set": {"/success": 1}
--- unusable: the answer has not the form of a success



=== TEST 30: verify, refused with 200
--- answer
"base": "default", "set": {"/success": false}
--- unusable: the answer has not the form of a success



=== TEST 31: verify, no result
--- answer
"base": "default", "set": {"/result": null}
--- unusable: the answer has not the form of a success



=== TEST 32: verify, a result that is a list
--- answer
"base": "default", "set": {"/result": []}
--- unusable: the answer has not the form of a success



=== TEST 33: verify, no id
--- answer
"base": "default", "unset": ["/result/id"]
--- unusable:



=== TEST 34: verify, an id that is a path
--- answer
"base": "default", "set": {"/result/id": "../verify"}
--- unusable:



=== TEST 35: verify, an id in capitals
--- answer
"base": "default", "set": {"/result/id": "ABCDEFABCDEFABCDEFABCDEFABCDEFAB"}
--- unusable:



=== TEST 36: verify, an empty id
--- answer
"base": "default", "set": {"/result/id": ""}
--- unusable:



=== TEST 37: verify, no status
--- answer
"base": "default", "unset": ["/result/status"]
--- unusable:



=== TEST 38: verify, status null
--- answer
"base": "default", "set": {"/result/status": null}
--- unusable:



=== TEST 39: verify, status a boolean
--- answer
"base": "default", "set": {"/result/status": true}
--- unusable:



=== TEST 40: verify, not active: details are not asked
--- answer
"base": "default", "set": {"/result/status": "disabled"}
--- error_code: 401
--- verdict
INACTIVE MISS
--- lookups: 1 0



=== TEST 41: verify, active in another case
--- answer
"base": "default", "set": {"/result/status": "Active"}
--- error_code: 401
--- verdict
INACTIVE MISS
--- lookups: 1 0



=== TEST 42: verify, expired: details are not asked
--- answer
"base": "default", "set": {"/result/expires_on": "2020-01-01T00:00:00Z"}
--- error_code: 401
--- verdict
EXPIRED MISS
--- lookups: 1 0



=== TEST 43: verify, not yet valid
--- answer
"base": "default", "set": {"/result/not_before": "2999-01-01T00:00:00Z"}
--- error_code: 401
--- verdict
NOT_YET_VALID MISS
--- lookups: 1 0



=== TEST 44: verify, a day that is not in the calendar
--- answer
"base": "default", "set": {"/result/expires_on": "2999-02-29T00:00:00Z"}
--- unusable:



=== TEST 45: verify, a time that is a number
--- answer
"base": "default", "set": {"/result/expires_on": 32472144000}
--- unusable:



=== TEST 46: details say more than verify: expired
--- step: details
--- answer
"base": "default", "set": {"/result/expires_on": "2020-01-01T00:00:00Z"}
--- error_code: 401
--- verdict
EXPIRED MISS
--- lookups: 2 0



=== TEST 47: details say more than verify: disabled
--- step: details
--- answer
"base": "default", "set": {"/result/status": "disabled"}
--- error_code: 401
--- verdict
INACTIVE MISS



=== TEST 48: details, another id
--- step: details
--- answer
"base": "default", "set": {"/result/id": "$ID_OTHER"}
--- unusable:



=== TEST 49: details, no id
--- step: details
--- answer
"base": "default", "unset": ["/result/id"]
--- unusable:



=== TEST 50: details, no status
--- step: details
--- answer
"base": "default", "unset": ["/result/status"]
--- unusable:



=== TEST 51: details, 404 after a good verify
--- step: details
--- answer
"status": 404, "body": {"success": false, "errors": [{"code": 1003}]}
--- unusable: the authority verified the token and has no details of it: wrong endpoint, or it was deleted just now (status 404, code 1003



=== TEST 52: details, 401
--- step: details
--- answer
"status": 401, "body": {"success": false, "errors": [{"code": 10000}]}
--- unusable: the credential was refused (status 401, code 10000



=== TEST 53: details, 403
--- step: details
--- answer
"status": 403, "body": {"success": false, "errors": [{"code": 9109}]}
--- unusable: the credential was refused (status 403, code 9109



=== TEST 54: details, 400
--- step: details
--- answer
"status": 400, "body": {"success": false, "errors": [{"code": 6003}]}
--- unusable: the authority answered with an unexpected status (status 400



=== TEST 55: details, 403 of a firewall
--- step: details
--- answer
"status": 403, "body": "<html>blocked</html>",
"headers": ["-Content-Type", "Content-Type: text/html"]
--- unusable: the content type of the answer is not JSON (status 403



=== TEST 56: details, a condition nobody knows
--- step: details
--- answer
"base": "default", "set": {"/result/condition": {"request_time": {"in": []}}}
--- unusable:



=== TEST 57: details, a member of request_ip nobody knows
--- step: details
--- answer
"base": "default", "set": {"/result/condition": {"request_ip": {"only": []}}}
--- unusable:



=== TEST 58: details, an entry that does not parse
--- step: details
--- answer
"base": "default", "set": {"/result/condition": {"request_ip": {"in": ["127.0.0.0/8", "127.1"]}}}
--- unusable:



=== TEST 59: details, a condition that is a list
--- step: details
--- answer
"base": "default", "set": {"/result/condition": []}
--- unusable:



=== TEST 60: details, null is absent
--- step: details
--- answer
"base": "default", "set": {"/result/condition": null,
"/result/expires_on": null, "/result/not_before": null}
--- response_body
backend: GET /t



=== TEST 61: members that nobody knows are no reason to deny
--- step: details
--- answer
"base": "default", "set": {"/result/new_member": {"a": [1]}, "/new": 1}
--- response_body
backend: GET /t



=== TEST 62: a token with wrong characters is not asked about
--- more_headers
Authorization: Bearer cfut.0123456789012345678901234567890123456789
--- error_code: 401
--- response_headers
WWW-Authenticate: Bearer realm="restricted", error="invalid_token"
--- verdict
UNKNOWN -
--- lookups: 0



=== TEST 63: lengths around the least
--- tokens
{"a23456789b123456789c123456789d123456789": {"id": "0123456789abcdef0123456789abcdef", "status": "active"},
 "a23456789b123456789c123456789d1234567890": {"id": "1123456789abcdef0123456789abcdef", "status": "active"}}
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer a23456789b123456789c123456789d123456789',
 'Authorization: Bearer a23456789b123456789c123456789d1234567890']
--- error_code eval
[401, 200]
--- lookups: 2 0



=== TEST 64: lengths around the most
--- request eval
['GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer ' . 'x' x 81, 'Authorization: Bearer ' . 'y' x 80]
--- error_code eval
[401, 401]
--- lookups_like
^Authorization: Bearer y{80}$



=== TEST 65: two tokens with one id are two tokens, with one set of details
--- tokens
[{"token": "cfut_one_of_two_tokens_with_the_same_id_1111", "id": "0123456789abcdef0123456789abcdef", "status": "active"},
 {"token": "cfut_two_of_two_tokens_with_the_same_id_2222", "id": "0123456789abcdef0123456789abcdef", "status": "active"}]
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
['Authorization: Bearer cfut_one_of_two_tokens_with_the_same_id_1111',
 'Authorization: Bearer cfut_two_of_two_tokens_with_the_same_id_2222',
 'Authorization: Bearer cfut_six_of_two_tokens_with_the_same_id_2222']
--- error_code eval
[200, 200, 401]
--- lookups_like
^GET /client/v4/user/tokens/verify
^GET /client/v4/user/tokens/0123
^GET /client/v4/user/tokens/verify
^GET /client/v4/user/tokens/verify
