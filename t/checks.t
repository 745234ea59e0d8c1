#!/usr/bin/env perl
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Tests for the checks in util/: each finds what is planted for it, says
# nothing about what is clean, and fails where there is nothing to look at.
# That the sources themselves are clean is what the style stage of
# util/test.sh is for.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);
use Test::More;

my $util = dirname(dirname(abs_path(__FILE__))) . '/util';
my @checks = grep { -x } glob "$util/check-*";

cmp_ok(scalar @checks, '>=', 3, 'there are checks');

for my $check (@checks) {
    my $name = basename($check);
    my @said = `'$check' --self-test 2>&1`;
    my $status = $?;

    is($status, 0, "$name passes its own test");
    cmp_ok(scalar(grep { /^ok / } @said), '>=', 10, "$name tests itself");
    is(join('', grep { /^not ok/ } @said), '', "$name finds all that is wrong")
        or diag @said;

    my $nothing = `'$check' '$util/check-nothing-here' 2>&1`;
    isnt($?, 0, "$name fails without a checkout");
}

done_testing();
