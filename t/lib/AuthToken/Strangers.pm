package AuthToken::Strangers;

# Copyright (C) The ngx_http_auth_token_module authors
#
# Who reached the backend of a block without a right to, as the oracle in
# authority/strangers.py saw it.

use strict;
use warnings;

use Exporter qw(import);
use JSON::PP ();
use List::Util qw(sum0);
use Test::More ();

our @EXPORT_OK = qw(prepare_oracle check_strangers late_strangers);


# what the oracle has to know of a block
sub prepare_oracle {
    my ($authority, $block) = @_;

    my %settings;
    if (defined(my $lag = $block->lag)) {
        ($settings{lag}) = $lag =~ /^(\d+) \w/
            or die $block->name . ': "lag" is "SECONDS REASON"';
        $settings{lag} += 0;
    }
    if (($block->http_config // '') =~ /\bpreset\s+cloudflare_id\b/) {
        $settings{ids} = JSON::PP::true;
    }

    $authority->call('POST', 'oracle', \%settings);
}


# lines of the section: how many come, a regular expression of their whole
# description, and the reason behind "#"
sub check_strangers {
    my ($authority, $block) = @_;

    my $seen = $authority->call('DELETE', 'strangers');
    my @faults;

    for my $line (grep { /\S/ } split /\n/, $block->strangers_ok // '') {
        my ($count, $pattern) = $line =~ /^(\d+) (.*\S)\s+#\s*\w/;
        if (!defined $count) {
            push @faults, "not of strangers_ok: $line";
            next;
        }
        my @met = grep { /^(?:$pattern)$/ } keys %$seen;
        my $came = sum0(delete @$seen{@met});
        push @faults, "$came came: $line" if $came != $count;
    }

    push @faults, map { "$seen->{$_} times: $_" } sort keys %$seen;
    Test::More::ok(!@faults, $block->name . ' - no stranger at the backend');
    Test::More::diag("  $_") for @faults;
}


# those that came after that
sub late_strangers {
    my ($authority, $block) = @_;

    my $seen = $authority->call('DELETE', 'strangers');
    for my $one (sort keys %$seen) {
        Test::More::fail($block->name . " - a late stranger: $one");
    }
}


1;
