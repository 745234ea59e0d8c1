# Tests for the variables, the dry run, and what is logged of a denial: the
# verdict, the provider and the token's id, never the token.

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

our $Dry = <<'EOF';
    location = /t {
        auth_token          cloudflare;
        auth_token_dry_run  on;
        proxy_set_header    X-Seen "$auth_token_verdict,$auth_token_id,$auth_token_name,$auth_token_status,$auth_token_expires_on";
        proxy_pass          http://127.0.0.1:$BACKEND_PORT;
    }
EOF

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: a denial is logged with verdict, provider and id
--- more_headers
Authorization: Bearer $TOKEN_DISABLED
--- error_code: 401
--- error_log
[error]
auth token: access denied, verdict INACTIVE, provider "cloudflare", token id "$ID_DISABLED"



=== TEST 2: an unknown token has no id
--- more_headers
Authorization: Bearer $TOKEN_UNKNOWN
--- error_code: 401
--- error_log
access denied, verdict UNKNOWN, provider "cloudflare", token id ""



=== TEST 3: at the level that was chosen
--- config
    auth_token_log_level  warn;
    location = /t { auth_token  cloudflare; }
--- more_headers
Authorization: Bearer $TOKEN_ELSEWHERE
--- error_code: 403
--- error_log eval
qr/\[warn\] .*access denied, verdict ADDRESS_DENIED, provider "cloudflare", token id "[0-9a-f]{32}"/
--- no_error_log
[error]



=== TEST 4: below the level of the log nothing is written
--- log_level: warn
--- config
    auth_token_log_level  info;
    location = /t { auth_token  cloudflare; }
--- more_headers
--- error_code: 401
--- no_error_log
access denied



=== TEST 5: what is admitted is not logged
--- response_body
backend: GET /t
--- no_error_log
[error]
[warn]
access denied



=== TEST 6: no token at debug level, in any case
--- log_level: debug
--- request eval
[map { 'GET /t' } 1 .. 5]
--- more_headers eval
[map { "Authorization: Bearer $_" } '$TOKEN_GOOD', '$TOKEN_UNKNOWN',
     '$TOKEN_DISABLED', '$TOKEN_GOOD"x', 'a-token-that-is-of-nobody-012345.6789']
--- error_code eval
[200, 401, 401, 400, 401]



=== TEST 7: an id of the authority cannot write lines of its own
--- http_config
    auth_token_provider rfc {
        preset      introspection;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/introspect;
        credential  basic $CLIENT_ID file:$SECRETS/client.secret;
    }
--- config
    location = /t { auth_token  rfc; }
--- authority
[{"match": {}, "answer": {"body": {"active": true, "exp": 5, "jti": "a\n\"b c"}}}]
--- error_code: 401
--- error_log
verdict EXPIRED, provider "rfc", token id "a??b?c"



=== TEST 8: the variables of an admitted request
--- tokens
[{"token": "cfut_with_all_the_members_01234567890123456789", "id": "08080808080808080808080808080808", "name": "a name", "status": "active", "not_before": "2020-01-01T00:00:00Z", "expires_on": "2099-01-01T00:00:00Z", "policies": [{"effect": "allow"}]}]
--- config
    location = /t {
        auth_token  cloudflare;
        add_header  X-A "$auth_token_verdict|$auth_token_provider|$auth_token_id|$auth_token_name|$auth_token_status";
        add_header  X-B "$auth_token_not_before|$auth_token_expires_on";
        add_header  X-C "$auth_token_policies";
        add_header  X-D "$auth_token_scope|$auth_token_subject|$auth_token_username";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- more_headers
Authorization: Bearer cfut_with_all_the_members_01234567890123456789
--- response_headers
X-A: ALLOWED|cloudflare|08080808080808080808080808080808|a name|active
X-B: 1577836800|4070908800
X-C: [{"effect":"allow"}]
X-D: ||



=== TEST 9: after UNKNOWN, and without a token, nothing is known
--- config
    add_header  X-A "$auth_token_verdict|$auth_token_id|$auth_token_name|$auth_token_status|$auth_token_policies|$auth_token_expires_on" always;
    location = /t { auth_token  cloudflare; }
    location = /free { return 204; }
--- request eval
['GET /t', 'GET /t', 'GET /free']
--- more_headers eval
['Authorization: Bearer $TOKEN_UNKNOWN', '', 'Authorization: Bearer $TOKEN_GOOD']
--- error_code eval
[401, 401, 204]
--- response_headers eval
['X-A: UNKNOWN|||||', 'X-A: MISSING|||||', 'X-A: |||||']



=== TEST 10: a name with a line break is not known
--- tokens
[{"token": "cfut_with_a_line_break_0123456789012345678901", "id": "11111111111111111111111111111111", "name": "a\r\nX-Injected: 1", "status": "active"}]
--- config
    location = /t {
        auth_token  cloudflare;
        add_header  X-A "<$auth_token_name>";
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- more_headers
Authorization: Bearer cfut_with_a_line_break_0123456789012345678901
--- response_headers
X-A: <>
!X-Injected



=== TEST 11: dry run: an admitted token
--- config eval: $::Dry
--- backend_like
(?i)^X-Seen: ALLOWED,$ID_GOOD,good token,active,$



=== TEST 12: dry run: denied ones go on, and are nobody
--- config eval: $::Dry
--- request eval
[map { 'GET /t' } 1 .. 5]
--- more_headers eval
['', 'Authorization: Bearer a b', 'Authorization: Bearer $TOKEN_UNKNOWN',
 'Authorization: Bearer $TOKEN_DISABLED', 'Authorization: Bearer $TOKEN_ELSEWHERE']
--- error_code eval
[200, 200, 200, 200, 200]
--- response_headers eval
[map { '!WWW-Authenticate' } 1 .. 5]
--- backend_like
(?i)^X-Seen: MISSING,,,,$
(?i)^X-Seen: MALFORMED,,,,$
(?i)^X-Seen: UNKNOWN,,,,$
(?i)^X-Seen: INACTIVE,,,,$
(?i)^X-Seen: ADDRESS_DENIED,,,,$
--- strangers_ok: 4 GET /t: (no|unknown|disabled) token  # dry run



=== TEST 13: dry run: denials are logged as such
--- config eval: $::Dry
--- more_headers
Authorization: Bearer $TOKEN_DISABLED
--- error_log
access denied, dry run, verdict INACTIVE, provider "cloudflare", token id "$ID_DISABLED"
--- strangers_ok: 1 GET /t: disabled token  # dry run



=== TEST 14: dry run: no answer of the authority
--- config eval: $::Dry
--- authority
[{"match": {}, "answer": {"status": 500}}]
--- response_headers
!Retry-After
--- backend_like
(?i)^X-Seen: UNAVAILABLE,,,,$



=== TEST 15: dry run does not admit for others
--- config
    location = /t {
        deny                all;
        auth_token          cloudflare;
        auth_token_dry_run  on;
    }
--- error_code: 403
--- lookups: 0
