package Skipped;

# Copyright (C) The ngx_http_auth_token_module authors
#
# What prove prints into a pipe, and at the end a line for each test that was
# skipped, with the reason, which prove keeps to itself:
#
#     skipped: FILE: REASON
#
#     PERL5LIB=util prove --formatter Skipped

use strict;
use warnings;

use parent 'TAP::Formatter::File';

my @lines;


sub open_test {
    my ($self, $test, $parser) = @_;

    $parser->callback(test => sub {
        my ($result) = @_;
        push @lines, [$test, $result->explanation] if $result->has_skip;
    });

    $parser->callback(plan => sub {
        my ($plan) = @_;
        push @lines, [$test, $plan->explanation] if $plan->has_skip;
    });

    return $self->SUPER::open_test($test, $parser);
}


sub summary {
    my ($self, @rest) = @_;

    for (@lines) {
        my ($test, $reason) = @$_;
        $self->_output("skipped: $test: "
                       . ($reason || 'no reason given') . "\n");
    }

    return $self->SUPER::summary(@rest);
}


1;
