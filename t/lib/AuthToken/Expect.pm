package AuthToken::Expect;

# Copyright (C) The ngx_http_auth_token_module authors
#
# What a block says of the authority, the backend and the verdicts, also of
# the repetitions, which find in the cache what the first one has left there.

use strict;
use warnings;

use Test::More ();
use Time::HiRes qw(sleep time);


# "--- verdict" is about a header field that the server has to add
sub before {
    my ($block) = @_;

    $block->set_value('config', <<'EOF' . $block->config)
add_header X-Verdict "$auth_token_verdict $auth_token_cache" always;
EOF
        if defined $block->verdict;
}


# between two repetitions: where there is no look-up, the log has nothing of it
sub again {
    my ($block) = @_;

    for my $section (qw(error_log response_headers)) {
        my $name = "warm_$section";
        $block->set_value($section, $block->$name) if defined $block->$name;
    }
}


# received are the answers as they came
sub after {
    my ($block, $repetition, $authority, $received) = @_;

    verdicts($block, $repetition, $received) if defined $block->verdict;
    number($block, 'lookups', 'requests', $repetition, $authority);
    number($block, 'backend_hits', 'backend', $repetition, $authority);
    like($block, 'lookups_like', 'authority', $repetition, $authority);
    like($block, 'backend_like', 'backend', $repetition, $authority);
}


# "VERDICT CACHE", one for all requests or one for each
sub verdicts {
    my ($block, $repetition, $received) = @_;

    my $wanted = $block->verdict;
    my @wanted = ref $wanted ? @$wanted : split /\n/, $wanted;
    my @got = map { /^X-Verdict: ([^\r\n]*)/m ? $1 : 'none' } @$received;

    @wanted = ($wanted[0]) x @got if @wanted == 1;
    Test::More::is(scalar @got, scalar @wanted, $block->name . ' - answers');

    for my $i (0 .. $#wanted) {
        my $verdict = $repetition ? warm($wanted[$i]) : qr/\Q$wanted[$i]\E/;
        Test::More::like($got[$i] // '', qr/\A$verdict\z/,
                         $block->name . " - verdict $i");
    }
}


# What is kept gives the same verdict.  That there was no answer is kept for a
# second, which may be over.
sub warm {
    my ($text) = @_;

    my ($verdict, $cache) = split ' ', $text;
    return qr/\Q$text\E/ if $cache ne 'MISS';
    return qr/$verdict (?:MISS|NEGATIVE)/ if $verdict eq 'UNAVAILABLE';
    return $verdict eq 'UNKNOWN' ? qr/$verdict NEGATIVE/ : qr/$verdict HIT/;
}


# N, or N for each repetition, or N-M; without it, no request may reach the
# backend in a block that expects nothing but refusals
sub number {
    my ($block, $section, $count, $repetition, $authority) = @_;

    my $wanted = $block->$section;
    if (!defined $wanted) {
        return if $section ne 'backend_hits' || !only_refusals($block);
        $wanted = 0;
    }

    my @wanted = ref $wanted ? @$wanted : split ' ', $wanted;
    $wanted = $wanted[$repetition < @wanted ? $repetition : -1];
    my ($least, $most) = split /-/, $wanted;

    my $got;
    my $end = time() + 2;
    while (1) {
        $got = $authority->call('GET', 'counts')->{$count};
        last if $got >= $least || time() > $end;
        sleep 0.05;
    }

    if (defined $most && $got >= $least && $got <= $most) {
        $wanted = $got;
    }
    Test::More::is($got, $wanted, $block->name . " - $section");
}


sub only_refusals {
    my ($block) = @_;

    my $codes = $block->error_code;
    return 0 if !defined $codes;
    my @codes = ref $codes eq 'ARRAY' ? @$codes : $codes;
    return !grep { !/^\s*[45]\d\d\s*$/ } @codes;
}


# a regular expression a line, for the request lines and heads in order
sub like {
    my ($block, $section, $role, $repetition, $authority) = @_;

    my $wanted = $block->$section;
    return if !defined $wanted || $repetition > 0;

    my @wanted = grep { length } split /\n/, $wanted;
    my @got = map {
        join "\n", "$_->{method} $_->{path} $_->{version}",
                   (map { "$_->[0]: $_->[1]" } @{$_->{headers}}),
                   '', $_->{body}
    } $authority->requests($role);

    Test::More::is(scalar @got, scalar @wanted,
                   $block->name . " - $section: number");
    for my $i (0 .. $#wanted) {
        Test::More::like($got[$i] // '', qr/$wanted[$i]/m,
                         $block->name . " - $section: $i");
    }
}


1;
