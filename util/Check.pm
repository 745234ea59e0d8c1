package Check;

# Copyright (C) The ngx_http_auth_token_module authors
#
# What the check scripts share: reading the sources, C without its comments,
# findings, and the proof that a check can fail.  A check is
#
#     Check::main(name => ..., check => sub { my ($files) = @_; ... },
#                 cases => [...]);
#
# with $files being {path => text}.  It calls finding() for what is wrong and
# counted() for what it looked at; a count of zero is a finding too.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;

my (@findings, @order, %counts);

sub finding {
    my ($file, $line, $text) = @_;
    my $found = "$file:$line: $text";
    push @findings, $found if !grep { $_ eq $found } @findings;
}


sub counted {
    my ($what, $n) = @_;
    push @order, $what if !exists $counts{$what};
    $counts{$what} += $n // 1;
}


# Text of C with comments and the insides of strings turned into blanks, so
# that lines and columns stay; strings stay as they are if asked for.
sub code {
    my ($text, $strings) = @_;

    $text =~ s{
        (/\*.*?\*/) | (//[^\n]*)
        | ("(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*')
    }{
        if (defined $1) {
            $1 =~ s/[^\n]/ /gr;
        } elsif (defined $2) {
            '//' . ' ' x (length($2) - 2);
        } elsif ($strings) {
            $3;
        } else {
            substr($3, 0, 1) . ' ' x (length($3) - 2) . substr($3, -1);
        }
    }gesx;

    return $text;
}


# the number of the line that holds this offset
sub line_at {
    my ($text, $offset) = @_;
    return 1 + (substr($text, 0, $offset) =~ tr/\n//);
}


# every text file of the checkout, but not what was built
sub read_tree {
    my ($top) = @_;
    my (%files, @dirs);

    @dirs = ('');
    while (defined(my $dir = shift @dirs)) {
        opendir my $handle, "$top/$dir" or die "$top/$dir: $!\n";
        for my $name (sort readdir $handle) {
            next if $name =~ /^\.\.?$|^\.git$|^__pycache__$|^servroot/;
            my $path = $dir eq '' ? $name : "$dir/$name";
            next if $path eq 'build' || -l "$top/$path";

            if (-d "$top/$path") {
                push @dirs, $path;
                next;
            }

            next if !-T "$top/$path";
            open my $in, '<:raw', "$top/$path" or die "$top/$path: $!\n";
            local $/;
            $files{$path} = <$in> // '';
        }
    }

    return \%files;
}


sub examine {
    my ($check, $files) = @_;

    @findings = @order = ();
    %counts = ();
    $check->($files);

    for my $what (@order) {
        finding('.', 0, "nothing to check: no $what") if !$counts{$what};
    }

    return @findings;
}


# Each case is [name, {path => text or undef}, what a finding must match]: its
# files are put over those of the first case, which must have no finding.
sub self_test {
    my ($check, @cases) = @_;
    my ($n, $bad) = (0, 0);

    my $report = sub {
        my ($good, $name) = @_;
        $n++;
        $bad++ if !$good;
        print $good ? '' : 'not ', "ok $n - $name\n";
        print map { "#   $_\n" } @findings if !$good;
    };

    my ($clean, $base) = @{shift @cases};
    examine($check, $base);
    $report->(!@findings, $clean);

    for my $case (@cases) {
        my ($name, $files, $pattern) = @$case;
        my %tree = (%$base, %$files);
        delete @tree{grep { !defined $tree{$_} } keys %tree};
        examine($check, \%tree);
        $report->(scalar(grep { /$pattern/ } @findings), "finds $name");
    }

    examine($check, {});
    $report->(scalar(@findings), 'fails where there is nothing to check');

    print "1..$n\n";
    return $bad ? 1 : 0;
}


sub main {
    my (%args) = @_;
    my $top = dirname(dirname(File::Spec->rel2abs($0)));

    if (@ARGV && $ARGV[0] eq '--self-test') {
        exit self_test($args{check}, @{$args{cases}});
    }

    if (@ARGV > 1 || @ARGV && $ARGV[0] =~ /^-/) {
        print STDERR "usage: $0 [--self-test | DIR]\n";
        exit 2;
    }

    my @found = examine($args{check}, read_tree($ARGV[0] // $top));

    print "$_\n" for @found;
    print "$args{name}: ", join(', ', map { "$counts{$_} $_" } @order),
          @found ? ': ' . @found . " findings\n" : ": clean\n";
    exit(@found ? 1 : 0);
}


1;
