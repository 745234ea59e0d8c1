# What nginx -t says of the directives of locations: each error with its file
# and line.  nginx is only asked to test, so that many cases cost little.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use AuthToken::Conf;
use Test::More;


# what nginx -t says of text on line 8 of a file, in location /t or in http{}
sub verdict {
    my ($text, $level) = @_;

    my $server = "server { listen 127.0.0.1:1; location /t {";
    my ($above, $below) = $level eq 'http' ? ('', "$server } }")
                                           : ($server, '} }');
    return conf_test("auth_token_provider oauth { preset introspection;\n"
                     . "endpoint https://idp.test/introspect;\n"
                     . "credential none; }\n$above\n$text\n$below");
}


sub bad {
    my ($text, $says, $level) = @_;

    my ($status, $said) = verdict($text, $level // 'location');
    isnt($status, 0, "$text: is an error");
    like($said, qr/\[emerg\] [^\n]*\Q$says\E in \Q$dir\E\/nginx\.conf:8\n/,
         "$text: says why and where");
}


sub bad_at {
    my ($text, $says, $line) = @_;

    my ($status, $said) = verdict($text, 'http');
    my ($name) = split /\n/, $text;
    isnt($status, 0, "$name...: is an error");
    like($said, qr/\[emerg\] [^\n]*\Q$says\E in \S+:$line\n/,
         "$name...: says why and where");
}


sub good {
    my ($text, $level, $warning) = @_;

    my ($status, $said) = verdict($text, $level // 'location');
    is($status, 0, "$text: is fine") or diag $said;
    if (defined $warning) {
        like($said, qr/\[warn\] [^\n]*\Q$warning\E/, "$text: warns");
    } else {
        unlike($said, qr/\[(?:warn|emerg|error)\]/, "$text: no warning");
    }
}


my $on = 'auth_token oauth;';

# auth_token_require
for my $arg ('scope=', 'scope=""', '"scope=a  b"', '"scope= a"', '"scope=a "',
             'audience=', 'issuer=', 'permission=', 'acr_values=',
             'max_age=', 'max_age=soon', 'max_age=-1', 'max_age=1.5',
             'scopes=a', 'status=399', 'status=600', 'status=x', 'status=',
             'resource=x', 'parent=x', 'thing', '""')
{
    my $shown = $arg =~ s/^scope=""$/scope=/r;
    bad("$on auth_token_require $arg;",
        'invalid parameter "' . ($shown =~ s/^"|"$//gr) . '"');
}
bad("$on auth_token_require scope=a status=404 status=404;",
    'invalid parameter "status=404"');
bad("$on auth_token_require scope=a resource=x;",
    'invalid parameter "resource=x"');
bad("$on auth_token_require permission=a parent=x;",
    'invalid parameter "parent=x"');
bad("$on auth_token_require permission=a resource=b resource=c;",
    'invalid parameter "resource=c"');
bad("$on auth_token_require permission=a resource=;",
    'invalid parameter "resource="');
bad("$on auth_token_require status=404;",
    '"auth_token_require" directive requires nothing');
bad("$on auth_token_require;",
    'invalid number of arguments in "auth_token_require" directive');
bad("$on auth_token_require scope=\"a b;", 'no closing quote in "scope=a b"');
bad("$on auth_token_require claim;",
    '"auth_token_require" directive needs a pointer and an operator after '
    . '"claim"');
bad("$on auth_token_require claim /x;",
    '"auth_token_require" directive needs a pointer and an operator after '
    . '"claim"');
bad("$on auth_token_require claim x = y;",
    'invalid pointer "x": is not a JSON pointer');
bad("$on auth_token_require claim \"\" = y;",
    'invalid pointer "": it is empty');
bad("$on auth_token_require claim /a/* = y;",
    'invalid pointer "/a/*": must not have a "*" step');
bad("$on auth_token_require claim /a~2 = y;",
    'invalid pointer "/a~2": is not a JSON pointer');
bad("$on auth_token_require claim /a == y;", 'invalid operator "=="');
bad("$on auth_token_require claim /a !> 1;", 'invalid operator "!>"');
bad("$on auth_token_require claim /a =;", 'no value after "="');
bad("$on auth_token_require claim /a in;", 'no value after "in"');
bad("$on auth_token_require claim /a = \"\";", 'no value after "="');
bad("$on auth_token_require claim /a in x \"\";", 'invalid parameter ""');
bad("$on auth_token_require claim /a = x y;", 'invalid parameter "y"');
bad("$on auth_token_require claim /a present x;", 'invalid parameter "x"');
for my $op ('>', '>=', '<', '<=') {
    bad("$on auth_token_require claim /a $op $_;",
        "invalid number \"$_\" after \"$op\"")
        for 'abc', '1e999', '5m', '0x10', '-';
    good("$on auth_token_require claim /a $op $_;")
        for 0, -5, 1.5, '1e3', '9223372036854775807', '$arg_a';
}
my ($failed, $said) = verdict("$on auth_token_require claim /a ~ (;",
                              'location');
ok($failed && $said =~ /failed: [^\n]*"\("[^\n]* in \S+:8\n/,
   'a regular expression that is none') or diag $said;

good("$on auth_token_require $_;") for
    'scope=a', 'scope="a b"', '"scope=a b"', 'scope="a b" status=404',
    'scope_any="a   b"', 'permission="Zone Read" resource=x parent=y',
    'permission=a permission=b resource=c', 'audience=$host issuer="$host x"',
    'max_age=5m', 'max_age=$arg_x', 'acr_values="urn:a urn:b"',
    'claim /a = b', 'claim /a = status=5', 'claim /a in b c status=404',
    'claim /a ~ "^x{2} y=\"z\"$"', 'claim /a !present', '$arg_a $arg_b',
    'status=401 scope=a', 'claim /a/0/b~1c = x scope=y';
good('auth_token_require scope=a;', 'http');
good('auth_token_require scope=a;', 'location',
     '"auth_token_require" has no effect without "auth_token" in location '
     . "\"/t\" in $dir/nginx.conf:8\n");
good('auth_token off; auth_token_require scope=a;');
good("$on limit_except GET { auth_token_require scope=a; }");

# auth_token_status
for my $arg ('UNKNOWN', 'UNKNOWN=', 'UNKNOWN=200', 'UNKNOWN=302',
             'UNKNOWN=399', 'UNKNOWN=600', 'UNKNOWN=4o4', 'unknown=404',
             'ALLOWED=403', '=404', 'UNAVAILABLE=401', 'ALL=404')
{
    bad("$on auth_token_status $arg;", "invalid parameter \"$arg\"");
}
bad("$on auth_token_status UNKNOWN=404 UNKNOWN=403;",
    'invalid parameter "UNKNOWN=403"');
bad("$on auth_token_status UNKNOWN=404; auth_token_status UNKNOWN=404;",
    'invalid parameter "UNKNOWN=404"');
good("$on auth_token_status UNKNOWN=404 EXPIRED=400; "
     . 'auth_token_status UNAVAILABLE=599;');

# sources
bad("auth_token oauth $_;", "invalid parameter \"$_\"")
    for 'token=', 'token=abc', 'tokens=$arg_a';
bad('auth_token oauth x;', 'unknown auth_token_provider "x"');
bad('auth_token off token=$arg_a;', 'invalid parameter "token=$arg_a"');
bad("auth_token $_;", "invalid provider name \"$_\"")
    for 'token=$cookie_x', 'a=b', 'x=$host';
bad('auth_token "a b";', 'invalid provider name "a b"');
bad('auth_token oauth oauth;', 'duplicate provider "oauth"');
bad('auth_token oauth x oauth;', 'duplicate provider "oauth"');
bad("auth_token oauth $_;", "invalid parameter \"$_\"") for '$host', 'off';
good('auth_token $host;');
good('auth_token idp_${host} token=$arg_a;');
bad('auth_token oauth token=$arg_a token=${ARG_a};',
    'duplicate source "${ARG_a}"');
good('auth_token oauth token=$arg_a token=$cookie_a token=$http_a '
     . 'token=$http_authorization token=x$arg_a;');

# switches
bad("$on auth_token_strip yes;", 'invalid value "yes" in "auth_token_strip" '
    . 'directive, it must be "on" or "off"');
bad("$on auth_token_preflight on;", 'invalid value "on"');
good("$on auth_token_strip on; auth_token_preflight pass;");

# auth_token_set
bad('auth_token_set name /x;', 'invalid variable name "name"', 'http');
bad('auth_token_set $ /x;', 'invalid variable name "$"', 'http');
bad('auth_token_set $a x;', 'invalid pointer "x": is not a JSON pointer',
    'http');
bad('auth_token_set $a "";', 'invalid pointer "": it is empty', 'http');
bad('auth_token_set $a /x/*;',
    'invalid pointer "/x/*": must not have a "*" step', 'http');
bad("auth_token_set \$a /x $_;", "invalid parameter \"$_\"", 'http')
    for 'join=', 'join', 'sep=,', 'join=12345678901234567', "join=\xc3\xa4";
bad("auth_token_set \$$_ /x;", "the duplicate \"$_\" variable", 'http')
    for 'auth_token_id', 'host', 'args';
bad('auth_token_set $a /x; auth_token_set $a /y;',
    'the duplicate "a" variable', 'http');
bad('auth_token_set $a /x;',
    '"auth_token_set" directive is not allowed here');
good('auth_token_set $a /x/0/y; auth_token_set $b /x join=,;', 'http');

# auth_token_error_format
bad("$on auth_token_error_format json;", 'invalid value "json"');
good("$on auth_token_error_format problem;");

# auth_token_resource_metadata
sub metadata {
    return "$on auth_token_resource_metadata { @_ }";
}

my $r = 'resource https://api.test;';
bad(metadata(), 'no "resource" in "auth_token_resource_metadata"');
bad(metadata('scopes_supported a;'),
    'no "resource" in "auth_token_resource_metadata"');
bad(metadata("resource $_;"), "invalid value \"$_\" in \"resource\" directive")
    for 'http://api.test', 'api.test', 'https://', 'https:///x',
        'https://api.test/?q', 'https://api.test/#f', 'https://api.test/%41',
        'https://$host', 'http://localhost.evil', 'http://127.0.0.1x/',
        'ftp://api.test';
bad(metadata($r, "$_ http://api.test;"),
    "invalid value \"http://api.test\" in \"$_\" directive")
    for 'authorization_servers', 'jwks_uri', 'resource_documentation';
bad(metadata($r, 'scopes_supported;'),
    'invalid number of arguments in "scopes_supported" directive');
bad(metadata($r, 'resource_name a b;'),
    'invalid number of arguments in "resource_name" directive');
bad(metadata($r, 'resource_name "";'),
    'invalid value "" in "resource_name" directive');
bad(metadata("resource $_;"), "invalid value \"$_\" in \"resource\" directive")
    for 'https://u@api.test', 'https://u:p@api.test/a', 'https://';
bad(metadata($r, "authorization_servers $_;"),
    "invalid value \"$_\" in \"authorization_servers\" directive")
    for 'https://u@idp.test', 'http://localhost:1@idp.test/';
bad(metadata($r, "scopes_supported a $_;"), 'invalid value "'
    . ($_ =~ s/^["']|["']$//gr) . '" in "scopes_supported" directive')
    for '"b c"', '""', "'b\"c'", "\xc3\xa4";
bad(metadata($r, "bearer_methods_supported header $_;"), 'invalid value "'
    . "$_\" in \"bearer_methods_supported\" directive")
    for 'foo', 'Header', 'cookie';
bad(metadata($r, "$_ ES256 none;"), "invalid value \"none\" in \"$_\" directive")
    for 'resource_signing_alg_values_supported',
        'dpop_signing_alg_values_supported';
bad(metadata($r, 'dpop_bound_access_tokens_required yes;'),
    'invalid value "yes" in "dpop_bound_access_tokens_required" directive');
bad(metadata($r, 'scope a;'),
    'unknown directive "scope" in "auth_token_resource_metadata"');
bad(metadata($r, $r), '"resource" directive is duplicate');
bad(metadata($r) . "auth_token_resource_metadata { $r }",
    '"auth_token_resource_metadata" directive is duplicate');
bad(metadata($r) . "location /t/x { auth_token_resource_metadata { $r } }",
    'duplicate document "/.well-known/oauth-protected-resource"');
bad("auth_token_resource_metadata { $r }",
    '"auth_token_resource_metadata" directive is not allowed here', 'http');
conf_file('metadata.conf', "scopes_supported a;\n$r\n");
good(metadata('include metadata.conf;'));
bad(metadata('include metadata.conf;', $r), '"resource" directive is duplicate');
good(metadata('resource https://api.test/a/b-c;', "$_;")) for
    'resource_documentation https://a.test/@x', 'bearer_methods_supported query',
    'authorization_servers https://a.test https://b.test/x?y',
    'jwks_uri https://a.test/k', 'scopes_supported a b', 'resource_name "A b"',
    'resource_documentation https://a.test', 'resource_policy_uri https://a.test',
    'resource_tos_uri http://[::1]:80/', 'bearer_methods_supported header body',
    'resource_signing_alg_values_supported ES256',
    'authorization_details_types_supported x',
    'tls_client_certificate_bound_access_tokens on',
    'dpop_signing_alg_values_supported ES256',
    'dpop_bound_access_tokens_required off';

# more providers than a zone has room for; those that ask alike are one
sub many {
    my ($n, $url, $zone) = @_;
    return join '', map { my $to = $url =~ s/N/$_/r;
                          "auth_token_provider p$_ { preset introspection; "
                          . "endpoint $to; credential none; $zone }\n" } 1 .. $n;
}

for my $url ('https://n.test', 'https://idp.test/introspect') {
    good(many(70, $url, ''), 'http');
}
good(many(63, 'https://N.test', ''), 'http');
bad_at(many(64, 'https://N.test', ''), 'zone "tokens" has room for 64 providers',
       8 + 63);
good("auth_token_zone a:1m; auth_token_zone b:1m;\n"
     . many(64, 'https://N.test', 'cache zone=b;'), 'http');
bad_at("auth_token_zone a:1m; auth_token_zone b:1m;\n"
       . many(65, 'https://N.test', 'cache zone=b;'),
       'zone "b" has room for 64 providers', 9 + 64);

done_testing();
