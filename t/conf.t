# Tests for what nginx -t says of a configuration: every error with its file
# and its line, every warning, and no error where there is none.
#
# bad.conf is a section of its own here, included in http{}; "says" is the
# message, "at" its line in that file.

use strict;
use warnings;

use lib 't/lib';
use AuthToken;

use Test::Nginx::Util ();

my $file = "$Test::Nginx::Util::ServRoot/conf/../html/bad.conf";

add_block_preprocessor(sub {
    my ($block) = @_;

    my $text = $block->words;
    if (defined $text) {
        my %word = (preset => 'cloudflare',
                    endpoint => 'https://api.test/client/v4/user/tokens',
                    credential => 'bearer file:$SECRETS/cloudflare.token');

        # the first lines are the words that a provider must have and that
        # this block does not give
        my @rest = map { $text =~ /^\s*$_\b/m ? () : "$_ $word{$_};" }
                   qw(preset endpoint credential);
        $text =~ s{\n+\z}{};
        $text = "auth_token_provider p { @rest\n$text\n}\n";
    } else {
        $text = $block->bad;
    }

    $block->set_value('user_files', ">>> bad.conf\n$text");
    $block->set_value('http_config', "include ../html/bad.conf;\n");

    if (defined $block->says) {
        my ($says) = split /\n/, $block->says;
        my $at = $block->at // 2;
        $block->set_value('error_log', ["$says in $file:$at\n"]);
    }

    if (defined $block->fine) {
        $block->set_value('config', 'location = /t { return 204; }');
        $block->set_value('request', 'GET /t');
        $block->set_value('error_code', '204');
    } else {
        $block->set_value('config', '# nothing');
        $block->set_value('must_die', '');
        $block->set_value('suppress_stderr', '1');
    }
});

no_root_location();
run_tests();

__DATA__

=== TEST 1: the least that a provider needs
--- words
    timeout 5s;
--- fine



=== TEST 2: every word with a value
--- bad
auth_token_zone  one:1m;
auth_token_zone  two:2m;
auth_token_provider p {
    preset              cloudflare;
    endpoint            https://api.test:8443/client/v4/user/tokens;
    credential          bearer file:$SECRETS/cloudflare.token;
    cache               zone=two valid=1m negative=5s refresh=10s stale=1h;
    limit_lookups       rate=10r/s burst=20 queue=5;
    breaker             failures=3 delay=2s;
    max_lookups         100;
    max_connections     200;
    timeout             2500ms;
    connect_timeout     1s;
    max_answer          128k;
    leeway              30s;
    allow_http          off;
    ssl_verify          on;
    ssl_verify_depth    2;
    ssl_name            authority.test;
    ssl_ciphers         HIGH;
    ssl_trusted_certificate  $AUTHORITY_CA;
}
auth_token              p;
auth_token_realm        "of $host";
auth_token_dry_run      off;
auth_token_log_level    info;
--- fine



=== TEST 3: loading the module without a provider
--- bad
auth_token off;
--- fine



=== TEST 4: unknown provider in auth_token
--- bad
auth_token_zone  one:1m;
server {
    listen 127.0.0.1:$FREE_PORT;
    location / {
        auth_token nobody;
    }
}
--- says: unknown auth_token_provider "nobody"
--- at: 5



=== TEST 5: unknown provider, inherited from http
--- bad
auth_token nobody;
--- says: unknown auth_token_provider "nobody"
--- at: 1



=== TEST 6: a provider may stand after its use
--- bad
auth_token p;
auth_token_provider p {
    preset      cloudflare;
    endpoint    http://127.0.0.1:$AUTHORITY_PORT/client/v4/user/tokens;
    credential  bearer file:$SECRETS/cloudflare.token;
}
--- fine



=== TEST 7: unknown word
--- words
    prest cloudflare;
--- says: unknown directive "prest" in a provider



=== TEST 8: a directive of http is no word
--- words
    auth_token_realm x;
--- says: unknown directive "auth_token_realm" in a provider



=== TEST 9: a block in a provider
--- words
    preset { }
--- says: unexpected "{"



=== TEST 10: unknown preset
--- words
    preset cloudfare;
--- says: unknown preset "cloudfare"



=== TEST 11: preset in the wrong case
--- words
    preset Cloudflare;
--- says: unknown preset "Cloudflare"



=== TEST 12: two presets
--- words
    preset cloudflare;
    preset introspection;
--- says: "preset" directive is duplicate
--- at: 3



=== TEST 13: preset without a value
--- words
    preset;
--- says: invalid number of arguments in "preset" directive



=== TEST 14: endpoint without a value
--- words
    endpoint;
--- says: invalid number of arguments in "endpoint" directive



=== TEST 15: two values
--- words
    endpoint https://a.test/ https://b.test/;
--- says: invalid parameter "https://b.test/"



=== TEST 16: an endpoint twice
--- words
    endpoint https://a.test/;
    endpoint https://a.test/;
--- says: "endpoint" directive is duplicate
--- at: 3



=== TEST 17: bad URL, another scheme
--- words
    endpoint ftp://api.test/tokens;
--- says: invalid endpoint "ftp://api.test/tokens" in provider "p"
--- at: 2



=== TEST 18: bad URL, no scheme
--- words
    endpoint api.test/tokens;
--- says: invalid endpoint "api.test/tokens" in provider "p"
--- at: 2



=== TEST 19: bad URL, no host
--- words
    endpoint https:///tokens;
--- says: invalid endpoint "https:///tokens" in provider "p"
--- at: 2



=== TEST 20: bad URL, a user in it
--- words
    endpoint https://me@api.test/tokens;
--- says: invalid endpoint "https://me@api.test/tokens" in provider "p"
--- at: 2



=== TEST 21: bad URL, a query
--- words
    endpoint https://api.test/tokens?a=b;
--- says: endpoint "https://api.test/tokens?a=b" in provider "p" has arguments, to which step "verify" cannot add a path
--- at: 2



=== TEST 22: bad URL, a fragment
--- words
    endpoint "https://api.test/tokens#a";
--- says: invalid endpoint "https://api.test/tokens#a" in provider "p"
--- at: 2



=== TEST 23: bad URL, a blank
--- words
    endpoint "https://api.test/tok ens";
--- says: invalid endpoint "https://api.test/tok ens" in provider "p"
--- at: 2



=== TEST 24: bad URL, a port out of range
--- words
    endpoint https://api.test:65536/tokens;
--- says: invalid endpoint "https://api.test:65536/tokens" in provider "p"
--- at: 2



=== TEST 25: bad URL, a port that is none
--- words
    endpoint https://api.test:x/tokens;
--- says: invalid endpoint "https://api.test:x/tokens" in provider "p"
--- at: 2



=== TEST 26: bad URL, a socket without a path
--- words
    endpoint http://unix::/tokens;
--- says: invalid endpoint "http://unix::/tokens" in provider "p"
--- at: 2



=== TEST 27: empty URL
--- words
    endpoint "";
--- says: "endpoint" directive is empty
--- at: 2



=== TEST 28: http to another host
--- words
    endpoint http://api.test/tokens;
--- says: endpoint "http://api.test/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 29: http to an address that only looks like loopback
--- words
    endpoint http://127.0.0.1.api.test/tokens;
--- says: endpoint "http://127.0.0.1.api.test/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 30: http to an octal address, which curl may read as another one
--- words
    endpoint http://0127.0.0.1/tokens;
--- says: endpoint "http://0127.0.0.1/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 31: http to any address
--- words
    endpoint http://0.0.0.0/tokens;
--- says: endpoint "http://0.0.0.0/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 32: http to a name under localhost
--- words
    endpoint http://localhost.api.test/tokens;
--- says: endpoint "http://localhost.api.test/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 33: http to another host with allow_http
--- words
    endpoint http://api.test/tokens;
    allow_http on;
--- fine



=== TEST 34: allow_http off is no leave
--- words
    endpoint http://api.test/tokens;
    allow_http off;
--- says: endpoint "http://api.test/tokens" in provider "p" sends tokens in clear text, use https or "allow_http on"
--- at: 2



=== TEST 35: http to loopback, all ways of writing
--- bad
auth_token_provider a { preset cloudflare; credential none; endpoint http://127.0.0.1/t; }
auth_token_provider b { preset cloudflare; credential none; endpoint http://127.8.9.10:8080/t; }
auth_token_provider c { preset cloudflare; credential none; endpoint http://localhost/t; }
auth_token_provider d { preset cloudflare; credential none; endpoint http://LOCALHOST:80/t; }
auth_token_provider e { preset cloudflare; credential none; endpoint "http://[::1]:80/t"; }
--- fine



=== TEST 36: allow_http without a value
--- words
    allow_http;
--- says: invalid number of arguments in "allow_http" directive



=== TEST 37: allow_http, neither on nor off
--- words
    allow_http yes;
--- says: invalid value "yes" in "allow_http" directive, it must be "on" or "off"



=== TEST 38: a provider without preset
--- bad
auth_token_provider p {
    endpoint    https://api.test/tokens;
    credential  none;
}
--- says: provider "p" must have "preset" or "step"
--- at: 4



=== TEST 39: a provider without endpoint
--- bad
auth_token_provider p {
    preset      cloudflare;
    credential  none;
}
--- says: provider "p" must have "endpoint"
--- at: 4



=== TEST 40: a provider without credential
--- bad
auth_token_provider p {
    preset      cloudflare;
    endpoint    https://api.test/tokens;
}
--- says: provider "p" must have "credential"
--- at: 4



=== TEST 41: an empty provider
--- bad
auth_token_provider p { }
--- says: provider "p" must have "preset" or "step"
--- at: 1



=== TEST 42: two providers of one name
--- bad
auth_token_provider p { preset cloudflare; credential none; endpoint https://a.test; }
auth_token_provider p { preset cloudflare; credential none; endpoint https://b.test; }
--- says: duplicate auth_token_provider "p"
--- at: 2



=== TEST 43: a provider named off
--- bad
auth_token_provider off { }
--- says: invalid provider name "off"
--- at: 1



=== TEST 44: a provider without a name
--- bad
auth_token_provider { }
--- says: invalid number of arguments in "auth_token_provider" directive
--- at: 1



=== TEST 45: a provider with an empty name
--- bad
auth_token_provider "" { }
--- says: invalid provider name ""
--- at: 1



=== TEST 46: a provider in a server
--- bad
server {
    auth_token_provider p { }
}
--- says: "auth_token_provider" directive is not allowed here
--- at: 2



=== TEST 47: bad time
--- words
    timeout soon;
--- says: "timeout" directive invalid value



=== TEST 48: a time of 0 would be no limit
--- words
    timeout 0;
--- says: "timeout" directive invalid value



=== TEST 49: a negative time
--- words
    timeout -1s;
--- says: "timeout" directive invalid value



=== TEST 50: time with an unknown unit
--- words
    timeout 300x;
--- says: "timeout" directive invalid value



=== TEST 51: two timeouts
--- words
    timeout 1s;
    timeout 2s;
--- says: "timeout" directive is duplicate
--- at: 3



=== TEST 52: connect_timeout of 0
--- words
    connect_timeout 0s;
--- says: "connect_timeout" directive invalid value



=== TEST 53: bad leeway
--- words
    leeway -5s;
--- says: "leeway" directive invalid value



=== TEST 54: bad size
--- words
    max_answer big;
--- says: "max_answer" directive invalid value



=== TEST 55: a size of 0
--- words
    max_answer 0;
--- says: "max_answer" directive invalid value



=== TEST 56: max_lookups of 0
--- words
    max_lookups 0;
--- says: "max_lookups" directive invalid value



=== TEST 56b: max_connections of 0
--- words
    max_connections 0;
--- says: "max_connections" directive invalid value



=== TEST 57: max_lookups, no number
--- words
    max_lookups many;
--- says: "max_lookups" directive invalid number



=== TEST 58: cache without parameters
--- words
    cache;
--- says: invalid number of arguments in "cache" directive



=== TEST 59: cache, unknown parameter
--- words
    cache vald=1s;
--- says: invalid parameter "vald=1s"



=== TEST 60: cache, a parameter without value
--- words
    cache valid=;
--- says: invalid parameter "valid="



=== TEST 61: cache, a parameter without "="
--- words
    cache valid;
--- says: invalid parameter "valid"



=== TEST 62: cache, bad time
--- words
    cache negative=long;
--- says: invalid parameter "negative=long"



=== TEST 63: cache, twice the same
--- words
    cache valid=1s valid=2s;
--- says: invalid parameter "valid=2s"



=== TEST 64: cache, zone without a name
--- words
    cache zone=;
--- says: invalid parameter "zone="



=== TEST 65: cache, unknown zone
--- words
    cache valid=1s
          zone=nowhere;
--- says: unknown auth_token_zone "nowhere"
--- at: 3



=== TEST 66: cache, refresh not under valid
--- words
    cache valid=10s refresh=10s;
--- says: "refresh" must be less than "valid" in provider "p"
--- at: 2



=== TEST 67: zone without a size
--- bad
auth_token_zone tokens;
--- says: invalid zone "tokens"
--- at: 1



=== TEST 68: zone with an empty size
--- bad
auth_token_zone tokens:;
--- says: invalid zone size "tokens:"
--- at: 1



=== TEST 69: zone with a bad size
--- bad
auth_token_zone tokens:10q;
--- says: invalid zone size "tokens:10q"
--- at: 1



=== TEST 70: zone without a name
--- bad
auth_token_zone :10m;
--- says: invalid zone ":10m"
--- at: 1



=== TEST 71: zone too small
--- bad
auth_token_zone tokens:64k;
--- says: zone "tokens:64k" is too small
--- at: 1



=== TEST 72: two zones of one name
--- bad
auth_token_zone tokens:1m;
auth_token_zone tokens:1m;
--- says: duplicate zone "tokens"
--- at: 2



=== TEST 73: zone without a value
--- bad
auth_token_zone;
--- says: invalid number of arguments in "auth_token_zone" directive
--- at: 1



=== TEST 74: a zone of that name of another module
--- bad
limit_req_zone $uri zone=tokens:1m rate=1r/s;
auth_token_zone tokens:1m;
--- says: the shared memory zone "tokens" is already declared for a different use
--- at: 2



=== TEST 75: limit_lookups without rate
--- words
    limit_lookups burst=1;
--- says: "limit_lookups" must have "rate" parameter



=== TEST 76: limit_lookups, bad rate
--- words
    limit_lookups rate=0r/s;
--- says: invalid parameter "rate=0r/s"



=== TEST 77: limit_lookups, unknown parameter
--- words
    limit_lookups rate=1r/s speed=1;
--- says: invalid parameter "speed=1"



=== TEST 78: limit_lookups, rate without value
--- words
    limit_lookups rate=;
--- says: invalid parameter "rate="



=== TEST 79: breaker, unknown parameter
--- words
    breaker after=1;
--- says: invalid parameter "after=1"



=== TEST 80: breaker, bad number
--- words
    breaker failures=-1;
--- says: invalid parameter "failures=-1"



=== TEST 81: breaker, bad time
--- words
    breaker delay=;
--- says: invalid parameter "delay="



=== TEST 82: auth_token without a value
--- bad
auth_token;
--- says: invalid number of arguments in "auth_token" directive
--- at: 1



=== TEST 83: auth_token with an empty name
--- bad
auth_token "";
--- says: invalid provider name ""
--- at: 1



=== TEST 84: auth_token twice
--- bad
auth_token off;
auth_token off;
--- says: "auth_token" directive is duplicate
--- at: 2



=== TEST 85: auth_token, token= without a value
--- bad
auth_token p token=;
--- says: invalid parameter "token="
--- at: 1



=== TEST 86: auth_token, a constant as token
--- bad
auth_token p token=secret;
--- says: invalid parameter "token=secret"
--- at: 1



=== TEST 87: auth_token, unknown parameter
--- bad
auth_token p realm=x;
--- says: invalid parameter "realm=x"
--- at: 1



=== TEST 88: auth_token, one source twice
--- bad
auth_token p token=$arg_a token=$arg_a;
--- says: duplicate source "$arg_a"
--- at: 1



=== TEST 89: auth_token off with a token
--- bad
auth_token off token=$arg_a;
--- says: invalid parameter "token=$arg_a"
--- at: 1



=== TEST 90: dry run, neither on nor off
--- bad
auth_token_dry_run maybe;
--- says: invalid value "maybe" in "auth_token_dry_run" directive, it must be "on" or "off"
--- at: 1



=== TEST 91: unknown log level
--- bad
auth_token_log_level loud;
--- says: invalid value "loud"
--- at: 1



=== TEST 92: realm without a value
--- bad
auth_token_realm;
--- says: invalid number of arguments in "auth_token_realm" directive
--- at: 1



=== TEST 93: a zone in a server
--- bad
server {
    auth_token_zone a:1m;
}
--- says: "auth_token_zone" directive is not allowed here
--- at: 2



=== TEST 94: auth_token in an if
--- bad
server {
    listen 127.0.0.1:$FREE_PORT;
    location / {
        if ($arg_a) {
            auth_token off;
        }
    }
}
--- says: "auth_token" directive is not allowed here
--- at: 5



=== TEST 95: a file of trusted certificates that is not there
--- words
    ssl_trusted_certificate $SECRETS/nothing.pem;
--- error_log eval
qr{\[emerg\] .*SSL_CTX_load_verify_locations\("\S+/nothing.pem"\) failed .* in \S+/bad.conf:3}



=== TEST 96: a certificate without its key
--- words
    ssl_certificate $AUTHORITY_DIR/client.pem;
--- error_log eval
qr{no "ssl_certificate_key" is defined for certificate "\S+/client.pem" in \S+/bad.conf:3}



=== TEST 97: a key of another certificate
--- words
    ssl_certificate $AUTHORITY_DIR/client.pem;
    ssl_certificate_key $AUTHORITY_DIR/good.key;
--- error_log eval
qr{SSL_CTX_use_PrivateKey.*key values mismatch.* in \S+/bad.conf:4}



=== TEST 98: a CRL that is none
--- words
    ssl_crl $SECRETS/cloudflare.token;
--- error_log eval
qr{X509_load_crl_file.* in \S+/bad.conf:3}



=== TEST 99: ciphers that nobody knows
--- words
    ssl_ciphers NOSUCH;
--- error_log eval
qr{TLS option\("NOSUCH"\) failed.* in \S+/bad.conf:3}



=== TEST 100: warned of: dry run
--- bad
auth_token_dry_run on;
--- says: "auth_token_dry_run" is on: requests are judged but never denied
--- at: 1
--- fine



=== TEST 101: warned of: no verification
--- words
    ssl_verify off;
--- says: "ssl_verify" is off: tokens are sent to whoever answers at the endpoint
--- fine
