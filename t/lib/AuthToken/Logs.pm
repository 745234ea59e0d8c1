package AuthToken::Logs;

# Copyright (C) The ngx_http_auth_token_module authors
#
# Reads what nginx logged since it was last asked and finds what may never
# be there: alerts, sanitizer reports, tokens and credentials.

use strict;
use warnings;

# At debug level nginx itself writes down what it received and what it sends
# to a backend, and nothing can keep it from that; its lines are known by
# these words.  What this module logs is looked at whatever its level is.
my $core_debug = qr/
    ^\S+\ \S+\ \[debug\]\ [^:]*:\ (?:\*\d+\ )?
    (?: http\ header: | http2\  | http\ proxy\ header: | http\ request\ line:
      | http\ (?:uri|args|exten): | http\ script\  | http\ process\ request
      | http\ map | http\ cookie | http\ finalize | http\ upstream\ request:
      | parse\ header: | rewrite | internal\ redirect: | http\ subrequest
    )
/x;

my $entry_start = qr/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[/;


# new(error => path, access => path, reports => directory)
sub new {
    my ($class, %args) = @_;
    return bless {%args, places => {}, forbidden => []}, $class;
}


sub forbid {
    my ($self, @strings) = @_;
    $self->{forbidden} = [grep { length >= 8 } @strings];
}


# the secrets that text holds, shortened
sub leaks {
    my ($self, $text, @more) = @_;

    my %seen;
    return map { substr($_, 0, 12) . '...' }
           grep { !$seen{$_}++ && index($text, $_) >= 0 }
           @{$self->{forbidden}}, @more;
}


sub problems {
    my ($self, %args) = @_;

    my @bearers = @{$args{bearers} // []};
    my (@found, @entries);

    for my $line ($self->fresh('error')) {
        if (@entries && $line !~ $entry_start) {
            $entries[-1] .= $line;
        } else {
            push @entries, $line;
        }
    }

    for my $entry (@entries) {
        if (!$args{alert_ok} && $entry =~ /^\S+ \S+ \[alert\]/) {
            push @found, "alert: $entry";
        }
        if (!$args{emerg_ok} && $entry =~ /^\S+ \S+ \[emerg\]/) {
            push @found, "emerg: $entry";
        }
        if ($entry =~ /Sanitizer|runtime error:|exited on signal/) {
            push @found, "crash: $entry";
        }
        if (!$args{token_ok} && $entry !~ $core_debug) {
            my @leaks = $self->leaks($entry, @bearers);
            push @found, "secret @leaks in error log: $entry" if @leaks;
        }
    }

    if (!$args{token_ok}) {
        for my $line ($self->fresh('access')) {
            my @leaks = $self->leaks($line, @bearers);
            push @found, "secret @leaks in access log: $line" if @leaks;
        }
    }

    return @found, $self->reports;
}


# the lines of a log that were not read yet
sub fresh {
    my ($self, $which) = @_;

    my $path = $self->{$which};
    open my $in, '<', $path or return;

    # a new file may have the inode of the one that went, and be as long by
    # now: it begins otherwise, with another time or process
    my ($inode, $size) = (stat $in)[1, 7];
    my $place = $self->{places}{$which};
    my $begin = defined $place ? $place->{begin} : '';
    read $in, my $same, length $begin;
    if (!$place || $place->{inode} != $inode || $size < $place->{offset}
        || ($same // '') ne $begin)
    {
        $place = $self->{places}{$which} = {inode => $inode, offset => 0};
        seek $in, 0, 0;
        read $in, $place->{begin}, 64;
        $place->{begin} //= '';
    }

    seek $in, $place->{offset}, 0;
    my @lines = <$in>;
    $place->{offset} = tell $in;
    return @lines;
}


# valgrind and the sanitizers write one file a process, and into it only when
# they found fault
sub reports {
    my ($self) = @_;

    my @found;
    for my $file (glob "$self->{reports}/*") {
        next if !-s $file || $self->{places}{$file}++;
        open my $in, '<', $file or next;
        push @found, "report: " . join '', <$in>;
    }
    return @found;
}


1;
