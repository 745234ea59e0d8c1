package AuthToken::Ports;

# Copyright (C) The ngx_http_auth_token_module authors
#
# A range of ports for one test process.  Several run at the same time, also
# of several checkouts, so the ranges are shared out by locks; they lie below
# those that the kernel gives to outgoing connections.

use strict;
use warnings;

use Fcntl qw(:flock);
use File::Spec;
use IO::Socket::INET;

use constant FIRST => 20000;
use constant LAST  => 31980;
use constant SIZE  => 20;

my $lock;

# Returns the first of SIZE ports that are this process's until it ends.
sub reserve {
    my $dir = File::Spec->catdir(File::Spec->tmpdir, "auth-token-ports-$<");
    mkdir $dir, 0700;
    die "$dir is not ours" if -l $dir || !-o $dir;

    my $ranges = int((LAST - FIRST) / SIZE);
    my $start = $$ % $ranges;

    for my $i (0 .. $ranges - 1) {
        my $port = FIRST + SIZE * (($start + $i) % $ranges);

        open my $fh, '>>', "$dir/$port" or die "$dir/$port: $!";
        if (flock($fh, LOCK_EX | LOCK_NB) && all_free($port)) {
            $lock = $fh;
            return $port;
        }
    }

    die "no free range of ports";
}


sub all_free {
    my ($first) = @_;

    for my $port ($first .. $first + SIZE - 1) {
        my $socket = IO::Socket::INET->new(
            LocalAddr => '127.0.0.1', LocalPort => $port,
            Proto => 'tcp', Listen => 1, ReuseAddr => 1);
        return 0 if !$socket;
        close $socket;
    }

    return 1;
}


1;
