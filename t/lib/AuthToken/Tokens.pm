package AuthToken::Tokens;

# Copyright (C) The ngx_http_auth_token_module authors
#
# The tokens and the secrets that every test file finds prepared, and the
# names under which its blocks write them: $TOKEN_GOOD, $ID_GOOD, $SECRETS...
# Tokens differ from block to block, so that no block finds the answers of
# an earlier one in a cache that lived through a reload.

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use MIME::Base64 qw(encode_base64);

# name => what the authority knows of it; undef: nothing
my %table = (
    GOOD      => {status => 'active', scope => 'read write'},
    OTHER     => {status => 'active', scope => 'read'},
    DISABLED  => {status => 'disabled'},
    REVOKED   => {status => 'revoked (exposed)'},
    EXPIRED   => {status => 'active', expires_on => 'now-60',
                  exp => 'now-60'},
    FUTURE    => {status => 'active', not_before => 'now+3600',
                  nbf => 'now+3600'},
    LIMITED   => {status => 'active', not_before => 'now-60',
                  expires_on => 'now+3600', nbf => 'now-60',
                  exp => 'now+3600'},
    LOCAL     => {status => 'active', condition => {request_ip =>
                  {in => ['127.0.0.0/8', '::1/128']}}},
    ELSEWHERE => {status => 'active', condition => {request_ip =>
                  {in => ['203.0.113.0/24', '2001:db8::/32']}}},
    NOTHERE   => {status => 'active', condition => {request_ip =>
                  {not_in => ['127.0.0.0/8', '::1/128']}}},
    NOBODY    => {status => 'active', condition => {request_ip =>
                  {in => []}}},
    ACCOUNT   => {status => 'active', account => 'ac' x 16},
    UNKNOWN   => undef,
);

sub new {
    my ($class, %args) = @_;

    my $self = bless {%args}, $class;
    my $seed = sha1_hex("$$ $0 " . join '', map { rand } 1 .. 4);
    $self->{seed} = $seed;

    $self->{secrets} = {
        'cloudflare.token' => 'cfut_' . secret($seed, 'credential'),
        'wrong.token'      => 'cfut_' . secret($seed, 'wrong'),
        'client.secret'    => 's/+' . secret($seed, 'client') . '&=%',
        'wrong.secret'     => secret($seed, 'wrong client'),
        'header.secret'    => secret($seed, 'header'),
        'world.token'      => 'cfut_' . secret($seed, 'credential'),
        'empty.token'      => '',
    };

    mkdir $args{dir}, 0700 or die "$args{dir}: $!";
    for my $name (keys %{$self->{secrets}}) {
        open my $out, '>', "$args{dir}/$name" or die "$name: $!";
        print $out $self->{secrets}{$name}, "\n" if $name ne 'empty.token';
        close $out;
        chmod $name eq 'world.token' ? 0644 : 0600, "$args{dir}/$name";
    }

    $self->block(0);
    return $self;
}


sub secret {
    my ($seed, $what) = @_;
    return substr sha1_hex("$seed secret $what") . sha1_hex($what), 0, 48;
}


# makes the tokens of the n-th block
sub block {
    my ($self, $n) = @_;

    $self->{tokens} = {};
    for my $name (keys %table) {
        my $digest = sha1_hex("$self->{seed} $n $name");
        $self->{tokens}{$name} = {
            token => "cfut_${digest}_" . lc $name,
            id => substr(sha1_hex("id of $digest"), 0, 32)};
    }
}


# what the authority is told at the start of a block
sub table {
    my ($self) = @_;

    my @entries;
    for my $name (sort keys %table) {
        my $known = $table{$name} or next;
        push @entries, {%$known, %{$self->{tokens}{$name}},
                        name => lc "$name token", client_id => lc $name,
                        token_type => 'Bearer'};
    }
    return \@entries;
}


sub credentials {
    my ($self) = @_;
    return [@{$self->{secrets}}{'cloudflare.token', 'header.secret'}];
}


sub clients {
    my ($self) = @_;
    return {nginx => $self->{secrets}{'client.secret'}};
}


# the macros that blocks may write
sub macros {
    my ($self) = @_;

    my %macros = (SECRETS => $self->{dir}, CLIENT_ID => 'nginx');
    for my $name (keys %{$self->{tokens}}) {
        $macros{"TOKEN_$name"} = $self->{tokens}{$name}{token};
        $macros{"ID_$name"} = $self->{tokens}{$name}{id};
    }
    return %macros;
}


# every string that may stand in no log and in no answer
sub forbidden {
    my ($self) = @_;

    my @strings = grep { length } values %{$self->{secrets}};
    push @strings, map { $_->{token} } values %{$self->{tokens}};
    for my $secret (@{$self->{secrets}}{'client.secret', 'wrong.secret'}) {
        push @strings, encode_base64("nginx:$secret", '');
        (my $escaped = $secret) =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ge;
        push @strings, $escaped, encode_base64("nginx:$escaped", '');
    }
    return @strings;
}


1;
