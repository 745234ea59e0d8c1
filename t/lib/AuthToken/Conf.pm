package AuthToken::Conf;

# Copyright (C) The ngx_http_auth_token_module authors
#
# What nginx -t says of a configuration.  nginx is only asked to test, so that
# many cases cost little.

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);

our @EXPORT = qw($dir conf_file conf_test);

# of the configuration, and of the files that it includes
our $dir = tempdir(CLEANUP => 1);

my $nginx = $ENV{TEST_NGINX_BINARY} // 'nginx';
$ENV{PATH} .= ':/usr/sbin:/sbin';

my $load = $ENV{AUTH_TOKEN_MODULE}
           // dirname(abs_path(__FILE__))
              . '/../../../build/ngx_http_auth_token_module.so';
$load = `$nginx -V 2>&1` =~ /--add-module=/ || $load eq '' ? ''
                                                 : "load_module $load;";


# Writes a file of $dir that others cannot read.
sub conf_file {
    my ($name, $text) = @_;

    open my $out, '>', "$dir/$name" or die $!;
    print $out $text;
    close $out or die $!;
    chmod 0600, "$dir/$name" or die $!;
}


# Returns the exit status, and what was said, of text in http{}, from line 4 on.
sub conf_test {
    my ($text) = @_;

    conf_file('nginx.conf',
              "$load error_log $dir/error.log; pid $dir/pid;\nevents { }\n"
              . 'http { access_log off; '
              . join('', map { "${_}_temp_path $dir/$_; " }
                         qw(client_body proxy fastcgi uwsgi scgi))
              . "\n$text\n}\n");

    my $said = `$nginx -t -e $dir/error.log -c $dir/nginx.conf 2>&1`;
    return ($? >> 8, $said);
}

1;
