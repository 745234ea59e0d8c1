package AuthToken::Server;

# Copyright (C) The ngx_http_auth_token_module authors
#
# The processes of the nginx that Test::Nginx starts: waits for what it does
# not wait for.

use strict;
use warnings;

use POSIX ();
use Test::Nginx::Util ();
use Time::HiRes qw(sleep time);

# A signal that meets a master before it has blocked signals is lost, and
# nginx would not end; with a worker started it is past that.  After a reload
# the old worker may still take connections until it has been told to go.
sub wait_for_worker {
    my $end = time() + 20;

    return if $Test::Nginx::Util::MasterProcessEnabled ne 'on';

    while (time() < $end) {
        return if accepting() == $Test::Nginx::Util::Workers;
        sleep 0.01;
    }
}


# the number of workers that are not shutting down
sub accepting {
    open my $in, '<', $Test::Nginx::Util::PidFile or return 0;
    my $master = int(<$in> // 0) or return 0;
    open $in, '<', "/proc/$master/task/$master/children" or return 0;
    my @children = split ' ', <$in> // '';

    return scalar grep {
        my $title = title($_);
        $title =~ /worker process/ && $title !~ /shutting down/;
    } @children;
}


# What nginx calls a process of its own.  Under valgrind the kernel does not
# see it: it stands where valgrind has the arguments, at the end of its stack.
sub title {
    my ($pid) = @_;

    open my $in, '<', "/proc/$pid/cmdline" or return '';
    my $title = <$in> // '';
    return $title if $title !~ /valgrind|memcheck/;

    open my $memory, '<:raw', "/proc/$pid/mem" or return '';
    for my $size (map { $_ * 4096 } 1 .. 8) {
        sysseek $memory, 0x1F * 2 ** 32 + 0xff001000 - $size, 0 or last;
        sysread $memory, my $stack, $size or last;
        return $1 if $stack =~ /.*(nginx: (?:worker|master)[a-z ]*)/s;
    }
    return '';
}


# ends nginx; false where it had to be killed
sub stop {
    my $pidfile = $Test::Nginx::Util::PidFile;

    open my $in, '<', $pidfile or return 1;
    my $pid = int(<$in> // 0);
    my $end = time() + 20;
    my $ended = 1;

    kill QUIT => $pid if $pid;
    while ($pid && Test::Nginx::Util::is_running($pid)) {
        if (time() > $end) {
            $ended = 0;
            kill KILL => $pid;
            last;
        }
        waitpid $pid, POSIX::WNOHANG();
        sleep 0.02;
    }

    unlink $pidfile;
    return $ended;
}


1;
