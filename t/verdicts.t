# Tests for the judgement as requests see it: status, window, and above all
# whose address it is that is judged.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

my $provider = <<'EOF';
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
    }
EOF

our $Server = <<'EOF';
        auth_token  cloudflare;
        add_header  X-Verdict $auth_token_verdict always;
        location / {
            proxy_pass  http://127.0.0.1:$BACKEND_PORT;
        }
EOF

defaults(
    http_config => $provider,
    config => <<'EOF',
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
EOF
    request => 'GET /t',
);

# "inner" is a server behind the one that is asked, so that the client's
# address is of another kind: "inner" lists its listen directives, "through"
# is where the outer server finds it
add_block_preprocessor(sub {
    my ($block) = @_;

    if (defined $block->inner) {
        my $listen = join "\n", map { "listen $_;" } split /\n/, $block->inner;
        $block->set_value('http_config', <<"EOF");
$provider
    server {
        $listen
        @{[ $block->more_inner // '' ]}
        $Server
    }
EOF
        my ($through) = split /\n/, $block->through;
        $block->set_value('config',
                          "location = /t { proxy_pass http://$through; }");
    }

    if (defined $block->tokens_in_turn) {
        my @names = split ' ', $block->tokens_in_turn;
        my $more = $block->more // '';
        $block->set_value('request', [map { 'GET /t' } @names]);
        $block->set_value('more_headers',
            [map { "Authorization: Bearer \$TOKEN_$_\n$more" } @names]);
        my @codes = split ' ', $block->codes;
        $block->set_value('error_code', \@codes);
        $block->set_value('backend_hits', scalar grep { $_ == 200 } @codes)
            if !defined $block->backend_hits;
    }
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: status and window
--- tokens_in_turn: GOOD LIMITED DISABLED REVOKED EXPIRED FUTURE UNKNOWN
--- codes: 200 200 401 401 401 401 401
--- lookups: 9 0



=== TEST 2: the verdicts, looked up
--- tokens_in_turn: DISABLED REVOKED EXPIRED FUTURE UNKNOWN
--- codes: 401 401 401 401 401
--- config
    location = /t {
        auth_token  cloudflare;
        add_header  X-Verdict $auth_token_verdict always;
    }
--- response_headers eval
['X-Verdict: INACTIVE', 'X-Verdict: INACTIVE', 'X-Verdict: EXPIRED',
 'X-Verdict: NOT_YET_VALID', 'X-Verdict: UNKNOWN']



=== TEST 3: address lists, IPv4
--- tokens_in_turn: LOCAL ELSEWHERE NOTHERE NOBODY
--- codes: 200 403 403 403
--- response_headers eval
[map { '!WWW-Authenticate' } 1 .. 4]



=== TEST 4: both spellings of the member, and both must admit
--- tokens
[{"token": "cfut_both_spellings_1_0123456789012345678901", "id": "04000000000000000000000000000001", "status": "active", "condition": {"request.ip": {"in": ["127.0.0.1"]}}},
 {"token": "cfut_both_spellings_2_0123456789012345678901", "id": "04000000000000000000000000000002", "status": "active", "condition": {"request.ip": {"in": ["192.0.2.1"]}}},
 {"token": "cfut_both_spellings_3_0123456789012345678901", "id": "04000000000000000000000000000003", "status": "active", "condition": {"request.ip": {"in": ["127.0.0.1"]}, "request_ip": {"in": ["192.0.2.1"]}}},
 {"token": "cfut_both_spellings_4_0123456789012345678901", "id": "04000000000000000000000000000004", "status": "active", "condition": {"request.ip": {"in": ["127.0.0.1"]}, "request_ip": {"in": ["127.0.0.0/8"]}}},
 {"token": "cfut_both_spellings_5_0123456789012345678901", "id": "04000000000000000000000000000005", "status": "active", "condition": {"request.ip": {"not_in": ["127.0.0.1"]}, "request_ip": {"in": ["127.0.0.0/8"]}}}]
--- request eval
[map { 'GET /t' } 1 .. 5]
--- more_headers eval
[map { "Authorization: Bearer cfut_both_spellings_${_}_0123456789012345678901" } 1 .. 5]
--- error_code eval
[200, 403, 403, 200, 403]



=== TEST 5: forms of entries
--- tokens
[{"token": "cfut_forms_1_0123456789012345678901234567890", "id": "05000000000000000000000000000001", "status": "active", "condition": {"request_ip": {"in": ["127.1.2.3/8"]}}},
 {"token": "cfut_forms_2_0123456789012345678901234567890", "id": "05000000000000000000000000000002", "status": "active", "condition": {"request_ip": {"in": ["::ffff:127.0.0.0/104"]}}},
 {"token": "cfut_forms_3_0123456789012345678901234567890", "id": "05000000000000000000000000000003", "status": "active", "condition": {"request_ip": {"in": ["::ffff:0:0/95"]}}},
 {"token": "cfut_forms_4_0123456789012345678901234567890", "id": "05000000000000000000000000000004", "status": "active", "condition": {"request_ip": {"in": ["::/0"]}}},
 {"token": "cfut_forms_5_0123456789012345678901234567890", "id": "05000000000000000000000000000005", "status": "active", "condition": {"request_ip": {"in": ["0.0.0.0/0"], "not_in": ["127.0.0.2/31"]}}},
 {"token": "cfut_forms_6_0123456789012345678901234567890", "id": "05000000000000000000000000000006", "status": "active", "condition": {"request_ip": {"in": ["0177.0.0.1"]}}},
 {"token": "cfut_forms_7_0123456789012345678901234567890", "id": "05000000000000000000000000000007", "status": "active", "condition": {"request_ip": {"in": ["/8"]}}}]
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
        breaker     failures=0;
    }
--- request eval
[map { 'GET /t' } 1 .. 7]
--- more_headers eval
[map { "Authorization: Bearer cfut_forms_${_}_0123456789012345678901234567890" } 1 .. 7]
--- error_code eval
[200, 200, 503, 403, 200, 503, 503]



=== TEST 6: a header is no address
--- tokens_in_turn: LOCAL ELSEWHERE
--- more
X-Real-IP: 203.0.113.7
X-Forwarded-For: 203.0.113.7
Forwarded: for=203.0.113.7
CF-Connecting-IP: 203.0.113.7
True-Client-IP: 203.0.113.7
--- codes: 200 403



=== TEST 7: realip: the address that nginx takes for the client's
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header   X-Real-IP;
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- tokens_in_turn: LOCAL ELSEWHERE NOTHERE NOBODY
--- more
X-Real-IP: 203.0.113.7
--- codes: 403 200 200 403



=== TEST 8: realip from a proxy that is not trusted changes nothing
--- config
    set_real_ip_from 192.0.2.1;
    real_ip_header   X-Real-IP;
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- tokens_in_turn: LOCAL ELSEWHERE
--- more
X-Real-IP: 203.0.113.7
--- codes: 200 403



=== TEST 9: realip, an IPv6 address
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header   X-Real-IP;
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- tokens_in_turn: LOCAL ELSEWHERE NOTHERE
--- more
X-Real-IP: 2001:db8::7
--- codes: 403 200 200



=== TEST 10: realip in the location, as far as it goes
--- config
    location = /t {
        set_real_ip_from 127.0.0.1;
        real_ip_header   X-Real-IP;
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- tokens_in_turn: LOCAL ELSEWHERE
--- more
X-Real-IP: 203.0.113.7
--- codes: 403 200



=== TEST 11: a cached answer is judged for each address anew
--- config
    set_real_ip_from 127.0.0.1;
    real_ip_header   X-Real-IP;
    location = /t {
        auth_token  cloudflare;
        proxy_pass  http://127.0.0.1:$BACKEND_PORT;
    }
--- request eval
['GET /t', 'GET /t', 'GET /t']
--- more_headers eval
["Authorization: Bearer \$TOKEN_ELSEWHERE\nX-Real-IP: 203.0.113.7",
 "Authorization: Bearer \$TOKEN_ELSEWHERE\nX-Real-IP: 203.0.114.7",
 "Authorization: Bearer \$TOKEN_ELSEWHERE\nX-Real-IP: 203.0.113.255"]
--- error_code eval
[200, 403, 200]
--- lookups: 2 0



=== TEST 12: an IPv6 client
--- inner
[::1]:$FREE_PORT
--- through: [::1]:$FREE_PORT
--- tokens_in_turn: LOCAL ELSEWHERE NOTHERE GOOD
--- codes: 200 403 403 200



=== TEST 13: an IPv4 client of an IPv6 listener is an IPv4 client
--- inner
[::]:$FREE_PORT_2 ipv6only=off
--- through: 127.0.0.1:$FREE_PORT_2
--- tokens
[{"token": "cfut_mapped_1_01234567890123456789012345678901", "id": "13000000000000000000000000000001", "status": "active", "condition": {"request_ip": {"in": ["127.0.0.1/32"]}}},
 {"token": "cfut_mapped_2_01234567890123456789012345678901", "id": "13000000000000000000000000000002", "status": "active", "condition": {"request_ip": {"in": ["::/0"]}}},
 {"token": "cfut_mapped_3_01234567890123456789012345678901", "id": "13000000000000000000000000000003", "status": "active", "condition": {"request_ip": {"not_in": ["127.0.0.1"]}}},
 {"token": "cfut_mapped_4_01234567890123456789012345678901", "id": "13000000000000000000000000000004", "status": "active", "condition": {"request_ip": {"not_in": ["::ffff:127.0.0.1"]}}}]
--- request eval
[map { 'GET /t' } 1 .. 4]
--- more_headers eval
[map { "Authorization: Bearer cfut_mapped_${_}_01234567890123456789012345678901" } 1 .. 4]
--- error_code eval
[200, 403, 403, 403]



=== TEST 14: a client of a unix socket has no address
--- inner
unix:$AUTHORITY_DIR/listener.sock
--- through: unix:$AUTHORITY_DIR/listener.sock
--- tokens_in_turn: GOOD LOCAL ELSEWHERE NOTHERE NOBODY LIMITED
--- codes: 200 403 403 403 403 200



=== TEST 15: a unix socket with realip has one
--- inner
unix:$AUTHORITY_DIR/listener.sock
--- more_inner
        set_real_ip_from unix:;
        real_ip_header X-Real-IP;
--- through: unix:$AUTHORITY_DIR/listener.sock
--- tokens_in_turn: GOOD LOCAL ELSEWHERE NOTHERE
--- more
X-Real-IP: 203.0.113.7
--- codes: 200 403 200 200



=== TEST 16: the PROXY protocol alone is no word on the address
--- inner
unix:$AUTHORITY_DIR/listener.sock
--- more_inner
        real_ip_header proxy_protocol;
--- through: unix:$AUTHORITY_DIR/listener.sock
--- tokens_in_turn: GOOD LOCAL
--- codes: 200 403



=== TEST 17: leeway
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
        leeway      2m;
    }
--- tokens
[{"token": "cfut_leeway_1_01234567890123456789012345678901", "id": "17000000000000000000000000000001", "status": "active", "not_before": "now+100"},
 {"token": "cfut_leeway_2_01234567890123456789012345678901", "id": "17000000000000000000000000000002", "status": "active", "not_before": "now+200"},
 {"token": "cfut_leeway_3_01234567890123456789012345678901", "id": "17000000000000000000000000000003", "status": "active", "expires_on": "now-100"},
 {"token": "cfut_leeway_4_01234567890123456789012345678901", "id": "17000000000000000000000000000004", "status": "active", "expires_on": "now-200"}]
--- request eval
[map { 'GET /t' } 1 .. 4]
--- more_headers eval
[map { "Authorization: Bearer cfut_leeway_${_}_01234567890123456789012345678901" } 1 .. 4]
--- lag: 120 leeway
--- error_code eval
[200, 401, 200, 401]



=== TEST 18: status, then window, then address
--- config
    location = /t {
        auth_token  cloudflare;
        add_header  X-Verdict $auth_token_verdict always;
    }
--- tokens
[{"token": "cfut_order_1_012345678901234567890123456789012", "id": "18000000000000000000000000000001", "status": "disabled", "expires_on": "now-9", "condition": {"request_ip": {"in": []}}},
 {"token": "cfut_order_2_012345678901234567890123456789012", "id": "18000000000000000000000000000002", "status": "active", "expires_on": "now-9", "condition": {"request_ip": {"in": []}}},
 {"token": "cfut_order_3_012345678901234567890123456789012", "id": "18000000000000000000000000000003", "status": "active", "expires_on": "now+99", "condition": {"request_ip": {"in": []}}}]
--- request eval
[map { 'GET /t' } 1 .. 3]
--- more_headers eval
[map { "Authorization: Bearer cfut_order_${_}_012345678901234567890123456789012" } 1 .. 3]
--- error_code eval
[401, 401, 403]
--- response_headers eval
['X-Verdict: INACTIVE', 'X-Verdict: EXPIRED', 'X-Verdict: ADDRESS_DENIED']



=== TEST 19: an IPv6 client is in no network of IPv4
--- inner
[::1]:$FREE_PORT
--- through: [::1]:$FREE_PORT
--- tokens
[{"token": "cfut_version_1_0123456789012345678901234567890", "id": "19000000000000000000000000000001", "status": "active", "condition": {"request_ip": {"in": ["::1"]}}},
 {"token": "cfut_version_2_0123456789012345678901234567890", "id": "19000000000000000000000000000002", "status": "active", "condition": {"request_ip": {"in": ["127.0.0.1"]}}},
 {"token": "cfut_version_3_0123456789012345678901234567890", "id": "19000000000000000000000000000003", "status": "active", "condition": {"request_ip": {"in": ["0.0.0.0/0"]}}},
 {"token": "cfut_version_4_0123456789012345678901234567890", "id": "19000000000000000000000000000004", "status": "active", "condition": {"request_ip": {"not_in": ["0.0.0.0/0"]}}}]
--- request eval
[map { 'GET /t' } 1 .. 4]
--- more_headers eval
[map { "Authorization: Bearer cfut_version_${_}_0123456789012345678901234567890" } 1 .. 4]
--- error_code eval
[200, 403, 403, 200]



=== TEST 20: where nothing is kept, each is asked about once
--- http_config
    auth_token_provider cloudflare {
        preset      cloudflare;
        endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
        credential  bearer file:$SECRETS/cloudflare.token;
        cache       valid=0 negative=0;
    }
--- tokens_in_turn: GOOD DISABLED ELSEWHERE UNKNOWN
--- codes: 200 401 403 401
--- lookups: 6 6
