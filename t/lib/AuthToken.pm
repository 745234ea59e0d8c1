package AuthToken;

# Copyright (C) The ngx_http_auth_token_module authors
#
# Test::Nginx::Socket for this module.  A test file is
#
#     use lib 't/lib';
#     use AuthToken;
#     run_tests();
#     __DATA__
#     === TEST 1: ...
#
# and needs no plan.  Every block has the module loaded and an authority to
# ask; t/lib/README says which sections and names it may use beside those of
# Test::Nginx, and what is checked after it without being asked for.

use strict;
use warnings;

use File::Basename qw(dirname);

our ($Base, $Port);

BEGIN {
    require AuthToken::Ports;
    require File::Spec;
    require File::Temp;

    $Port = AuthToken::Ports::reserve();
    $Base = File::Temp::tempdir('auth-token-XXXXXX', TMPDIR => 1);

    $ENV{PATH} .= ':/usr/sbin:/sbin';
    $ENV{TEST_NGINX_PORT} = $Port;
    $ENV{TEST_NGINX_SERVER_PORT} = $Port;
    $ENV{TEST_NGINX_CLIENT_PORT} = $Port;
    $ENV{TEST_NGINX_SERVROOT} = "$Base/servroot";

    # a worker may be another user
    chmod 0755, $Base;
    mkdir "$Base/reports";
    chmod 01777, "$Base/reports";

    for my $name (qw(ASAN_OPTIONS UBSAN_OPTIONS)) {
        $ENV{$name} = join ':', $ENV{$name} // (),
                      "log_path=$Base/reports/sanitizer";
    }

    # our own stand-in for nginx: Test::Nginx would start one that is no daemon
    if (delete $ENV{TEST_NGINX_USE_VALGRIND}) {
        $ENV{AUTH_TOKEN_NGINX} = $ENV{TEST_NGINX_BINARY} // 'nginx';
        $ENV{AUTH_TOKEN_REPORTS} = "$Base/reports/valgrind";
        $ENV{TEST_NGINX_BINARY} = dirname(File::Spec->rel2abs(__FILE__))
                                  . '/valgrind';
        $ENV{TEST_NGINX_TIMEOUT} //= 60;
    }

    # for answers and for the end of nginx; a machine may be busy
    $ENV{TEST_NGINX_TIMEOUT} //= 10;
}

use Test::Nginx::Socket -Base;

use AuthToken::Blocks;

our @EXPORT = qw(run_tests authority defaults);

master_on();
workers(1);
worker_connections(256);
no_shuffle();
no_long_string();

$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);


# the authority of this file, for what its sections cannot say
sub authority () {
    return AuthToken::Blocks::authority();
}


# defaults(section => value, ...): for blocks that have no such section of
# their own
sub defaults (@) {
    my %values = @_;

    add_block_preprocessor(sub {
        my ($block) = @_;

        for my $section (sort keys %values) {
            next if defined $block->$section;
            $block->set_value($section, $values{$section});
        }
    });
}


{
    no warnings 'redefine';

    sub run_tests () {
        AuthToken::Blocks::start($Base, $Port);
        Test::Nginx::Util::run_tests();
        AuthToken::Blocks::finish();
        Test::More::done_testing();
    }
}


END {
    local $?;
    AuthToken::Blocks::end();
}
