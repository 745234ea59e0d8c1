package AuthToken::Authority;

# Copyright (C) The ngx_http_auth_token_module authors
#
# Starts t/lib/authority.py, and an HTTP/2 server in front of it where that
# is wanted, and speaks with them.  Both end with this process.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use HTTP::Tiny;
use JSON::PP;
use POSIX ();
use Time::HiRes qw(sleep time);

# start(dir => where its files go, port => first of its ports)
sub start {
    my ($class, %args) = @_;

    my $self = bless {%args, children => [], owner => $$}, $class;
    my $port = $self->{port};

    $self->{plain} = $port;
    $self->{tls} = $port + 1;
    $self->{control} = $port + 2;
    $self->{backend} = $port + 3;
    $self->{h2} = $port + 4;
    $self->{closed} = $port + 5;
    $self->{http} = HTTP::Tiny->new(timeout => 10, keep_alive => 0);

    my $lib = dirname(dirname(File::Spec->rel2abs(__FILE__)));
    $self->spawn(
        python(), "$lib/authority.py", '--dir', $self->{dir},
        '--plain', "localhost:$self->{plain}",
        '--plain', "unix:$self->{dir}/authority.sock",
        '--tls', "localhost:$self->{tls}",
        '--backend', "127.0.0.1:$self->{backend}",
        '--control', "127.0.0.1:$self->{control}", '--parent', $$);

    $self->wait_for("$self->{dir}/ready.json");
    return $self;
}


# Debian's own, wherever another one stands first in the path
sub python {
    return -x '/usr/bin/python3' ? '/usr/bin/python3' : 'python3';
}


# runs a program that dies with this one
sub spawn {
    my ($self, @command) = @_;

    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        open STDIN, '<', File::Spec->devnull;
        open STDOUT, '>>', "$self->{dir}/output";
        open STDERR, '>>', "$self->{dir}/output";
        POSIX::setpgid(0, 0);
        { no warnings; exec 'setpriv', '--pdeathsig', 'TERM', @command; }
        POSIX::_exit(127);
    }

    push @{$self->{children}}, $pid;
    return $pid;
}


sub wait_for {
    my ($self, $file) = @_;

    my $end = time() + 20;
    while (!-s $file) {
        if (time() > $end || waitpid($self->{children}[-1], POSIX::WNOHANG())) {
            open my $in, '<', "$self->{dir}/output";
            die "the authority did not start:\n", <$in>;
        }
        sleep 0.02;
    }
}


# a server with TLS and HTTP/2 in front of the authority: nginx itself, as
# installed; the authority sees connection, stream and protocol in a header
sub start_h2 {
    my ($self, $nginx) = @_;

    return if $self->{h2_started}++;

    my $dir = "$self->{dir}/front";
    mkdir $dir, 0700 or die "$dir: $!";
    my $conf = <<"EOC";
daemon off;
master_process off;
pid $dir/pid;
error_log $dir/error.log info;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    scgi_temp_path $dir/scgi;
    uwsgi_temp_path $dir/uwsgi;
    upstream authority {
        server 127.0.0.1:$self->{plain};
        keepalive 16;
    }
    server {
        listen 127.0.0.1:$self->{h2} ssl http2;
        listen [::1]:$self->{h2} ssl http2;
        ssl_certificate $self->{dir}/good.pem;
        ssl_certificate_key $self->{dir}/good.key;
        location / {
            proxy_pass http://authority;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host \$host;
            proxy_set_header X-Front
                "\$connection \$connection_requests \$server_protocol";
        }
    }
}
EOC

    if (!-e '/proc/net/if_inet6') {
        $conf =~ s/^.*\[::1\].*\n//m;
    }

    open my $out, '>', "$dir/nginx.conf" or die $!;
    print $out $conf;
    close $out;

    $self->spawn($nginx, '-e', "$dir/error.log", '-p', "$dir/",
                 '-c', "$dir/nginx.conf");
    $self->wait_for("$dir/pid");
}


# call('POST', 'rules', $value) returns the decoded answer
sub call {
    my ($self, $method, $name, $value) = @_;

    my $response = $self->{http}->request(
        $method, "http://127.0.0.1:$self->{control}/$name",
        {defined $value ? (content => encode_json($value)) : ()});

    if (!$response->{success}) {
        die "authority: $method $name: $response->{status} "
            . "$response->{content}";
    }

    return decode_json($response->{content});
}


# the requests that it got, "backend" ones on demand
sub requests {
    my ($self, $role) = @_;

    $role //= 'authority';
    my $log = $self->call('GET', 'log');
    return grep { $_->{role} eq $role } @{$log->{requests}};
}


sub stop {
    my ($self) = @_;

    return if $self->{owner} != $$;

    my @children = splice @{$self->{children}};
    kill TERM => @children;

    for my $pid (@children) {
        my $end = time() + 5;
        while (waitpid($pid, POSIX::WNOHANG()) == 0) {
            kill KILL => $pid if time() > $end;
            sleep 0.02;
        }
    }
}


1;
