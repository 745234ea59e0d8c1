# What nginx -t says of the words of a provider: what could never work, or not
# as it was meant, is an error, with the file and the line of the word.  nginx
# is only asked to test, so that many cases cost little.

use strict;
use warnings;

use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use AuthToken::Conf;
use Test::More;

my %word = (preset => 'introspection', endpoint => 'https://idp.test/introspect',
            credential => 'none');
my $secret = "file:$dir/secret";

conf_file('secret', "a-secret-0123456789-0123456789-0123456789\n");


# what nginx -t says of words on line 5 of a file; "name" is the provider's
sub verdict {
    my ($text, $name) = @_;

    $name //= 'p';
    my $before = $text =~ /^\s*(?:preset|step)\b/m ? ''
                                                   : "preset $word{preset};";
    my @after = map { $text =~ /(?:^|;)\s*$_\b/m ? () : "$_ $word{$_};" }
                qw(endpoint credential);
    @after = grep { !/^endpoint/ } @after if $text =~ /^\s*issuer\b/m;

    return conf_test("auth_token_provider $name { $before\n$text\n@after\n"
                     . "# the end\n}\nserver { listen 127.0.0.1:1; }");
}


sub bad {
    my ($text, $says, %how) = @_;

    my $file = $how{file} // 'nginx.conf';
    my $line = $how{line} // 5;
    my ($status, $said) = verdict($text, $how{name});
    isnt($status, 0, "$text: is an error");
    like($said, qr/\[emerg\] [^\n]*\Q$says\E in \Q$dir\/$file\E:$line\n/,
         "$text: says why and where");
}


sub good {
    my ($text, %how) = @_;

    my ($status, $said) = verdict($text, $how{name});
    is($status, 0, "$text: is fine") or diag $said;
    unlike($said, qr/\[(?:warn|emerg|error)\]/, "$text: no warning");
}


# words have one line, also where they are judged at the end of the block
bad('issuer https:///x;', 'invalid issuer "https:///x" in provider "p"');
bad('issuer http://idp.test;', 'issuer "http://idp.test" in provider "p" '
    . 'sends tokens in clear text, use https or "allow_http on"');
bad('proxy https://proxy.test;',
    'invalid proxy "https://proxy.test" in provider "p"');
bad("endpoint http://unix:/a.sock:/x;\nproxy http://proxy.test;\nallow_http on;",
    'invalid proxy "http://proxy.test" in provider "p"', line => 6);
bad("answer jwt iss=a aud=b;\nkeys http://idp.test/keys;",
    'invalid keys "http://idp.test/keys" in provider "p", it must be '
    . '"file:PATH" or an https URL', line => 6);
bad("credential client_credentials http://idp.test/t basic a $secret;",
    'token endpoint "http://idp.test/t" in provider "p" sends secrets in '
    . 'clear text, use https or "allow_http on"');
bad("credential client_credentials issuer basic a $secret;",
    'the credential of provider "p" needs "issuer" or a URL');
bad("credential client_credentials idp.test basic a $secret;",
    'invalid token endpoint "idp.test" in provider "p"');

# one of each
bad("cache valid=1s;\ncache negative=1s;", '"cache" directive is duplicate',
    line => 6);
bad("breaker failures=1;\nbreaker delay=1s;",
    '"breaker" directive is duplicate', line => 6);


# there are no variables in URLs
for my $url ('https://$host/x', 'https://idp.test/$request_uri') {
    bad("endpoint $url;", "invalid endpoint \"$url\" in provider \"p\"");
    bad("issuer $url;", "invalid issuer \"$url\" in provider \"p\"");
    bad("answer jwt iss=a aud=b;\nkeys $url;",
        "invalid keys \"$url\" in provider \"p\", it must be "
        . '"file:PATH" or an https URL', line => 6);
    bad("credential client_credentials $url basic a $secret;",
        "invalid token endpoint \"$url\" in provider \"p\"");
}
bad("answer jwt iss=\$host aud=b;\nkeys https://idp.test/keys;",
    'invalid parameter "iss=$host"');
bad('proxy http://$host;', 'invalid proxy "http://$host" in provider "p"');
bad("ssl_name $_;", '"ssl_name" directive invalid value')
    for '$host', '""', '"a b"', '"a\nb"', 'a/b', 'a:443', '[a]', 'u@a',
        "a\x01";
good("ssl_name $_;") for 'idp.test', 'IDP_1.test.', '192.0.2.1', '[2001:db8::1]';
good('endpoint https://idp.test/%24x;');

# an empty value is none, and not as without the word
bad("$_ \"\";", "\"$_\" directive invalid value")
    for 'proxy', 'ssl_ciphers', 'ssl_certificate';
bad("credential $_;", 'invalid client id ""')
    for "basic \"\" $secret", "post \"\" $secret", 'tls ""',
        "client_secret_jwt \"\" $secret",
        "client_credentials https://idp.test/t basic \"\" $secret";

bad('ssl_verify_depth 101;', 'value must be between 0 and 100');
bad('ssl_verify_depth 4294967295;', 'value must be between 0 and 100');
bad('ssl_verify_depth -1;', '"ssl_verify_depth" directive invalid number');
good("ssl_verify_depth $_;") for 0, 100;

# what a form would have twice
for my $name ('client_id', 'client_secret', 'client_assertion',
              'client_assertion_type')
{
    bad("preset introspection;\nform $name x;\ncredential post a $secret;",
        "credential method \"post\" is for form \"$name\" of provider \"p\" "
        . 'as well', line => 7);
}
bad("preset introspection;\ncredential client_secret_jwt a $secret;\n"
    . 'form client_id x;', 'credential method "client_secret_jwt" is for '
    . 'form "client_id" of provider "p" as well', line => 6);
bad("step s;\nrequest POST;\nform token \$token;\nform client_id x;\n"
    . "credential post a $secret;", 'credential method "post" is for form '
    . '"client_id" of provider "p" as well', line => 9);
good("preset introspection;\nform client_id x;\ncredential basic a $secret;");
good("preset introspection;\nform client_id x;\n"
     . "credential client_credentials https://idp.test/t post a $secret;");
bad("preset introspection;\nform token_type_hint a;\nform token_type_hint b;",
    'duplicate form "token_type_hint"', line => 7);
bad("preset introspection;\nform token_type_hint access_token;\n"
    . 'form token_type_hint b;', 'duplicate form "token_type_hint"',
    line => 7);
bad("preset introspection;\nform token x;", 'duplicate form "token"',
    line => 6);
good("preset introspection;\nform token_type_hint a;\nform other b;");

# RFC 8707, 2
my $grant = "credential client_credentials https://idp.test/t basic a $secret";
bad("$grant resource=$_;", "invalid parameter \"resource=$_\"")
    for 'foo', '/x', 'https:', ':x', '1a:b', '//idp.test', '$host:x', 'a:$host',
        'https://idp.test/#f';
good("$grant resource=$_;") for 'https://api.test', 'urn:example:api',
    'https://a.test/x?y=z resource=https://b.test';

# names that could mean something else
bad('', "invalid provider name \"$_->[1]\"", name => $_->[0], line => 4)
    for ['$p', '$p'], ['a=b', 'a=b'], ['"a b"', 'a b'], ['off', 'off'],
        ['""', ''], ["'a\"b'", 'a"b'], ["\"a\x01\"", "a\x01"],
        ['token=x', 'token=x'];
good('', name => $_) for 'a-b.c_1', 'OFF', "\xc3\xa4";

# include, as in other blocks
conf_file('words.conf', "timeout 3s;\ncache valid=1m;\n");
conf_file('wrong.conf', "timeout 3s;\nendpoint https://\$host/;\n");
conf_file('again.conf', "include words.conf;\nleeway 1s;\n");
good('include words.conf;');
good('include again.conf;');
good('include none*.conf;');
bad("timeout 1s;\ninclude words.conf;", '"timeout" directive is duplicate',
    file => 'words.conf', line => 1);
bad('include again.conf; leeway 1s;', '"leeway" directive is duplicate');
bad('endpoint https://a.test; include wrong.conf;',
    'invalid endpoint "https://$host/" in provider "p"', file => 'wrong.conf',
    line => 2);
bad('include a.conf b.conf;', 'unknown directive "include" in a provider');

done_testing();
