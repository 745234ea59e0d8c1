package AuthToken::Blocks;

# Copyright (C) The ngx_http_auth_token_module authors
#
# What happens around every block: the authority is told the block's tokens
# and rules before it, its counts and all logs are looked at after it.

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Spec;
use IO::Socket::INET;
use JSON::PP;
use Test::More ();
use Test::Nginx::Util ();
use Time::HiRes qw(sleep time);

use AuthToken::Authority;
use AuthToken::Expect;
use AuthToken::Logs;
use AuthToken::Server;
use AuthToken::Strangers qw(prepare_oracle check_strangers
                            late_strangers);
use AuthToken::Tokens;

# the sections in which macros are expanded
my @expanded = qw(
    main_config http_config config post_main_config server_name request
    raw_request pipelined_requests more_headers curl_options error_code
    response_headers response_headers_like response_body response_body_like
    response_body_unlike raw_response_headers_like raw_response_headers_unlike
    error_log no_error_log grep_error_log_out access_log no_access_log
    user_files tokens authority lookups_like backend_like warm_error_log
    warm_response_headers
);

my $module = 'ngx_http_auth_token_module';

my ($base, $port, $authority, $tokens, $logs);
my $number = 0;
my %macros;
my ($previous, @sent, @received);
my $own_rules;


sub authority {
    return $authority;
}


sub start {
    ($base, $port) = @_;

    mkdir "$base/authority", 0700 or die $!;
    $authority = AuthToken::Authority->start(
        dir => "$base/authority", port => $port + 10);
    $tokens = AuthToken::Tokens->new(dir => "$base/secrets");
    $logs = AuthToken::Logs->new(
        error => $Test::Nginx::Util::ErrLogFile,
        access => $Test::Nginx::Util::AccLogFile,
        reports => "$base/reports");

    %macros = (
        AUTHORITY_PORT => $authority->{plain},
        AUTHORITY_TLS_PORT => $authority->{tls},
        AUTHORITY_H2_PORT => $authority->{h2},
        AUTHORITY_SOCKET => "$base/authority/authority.sock",
        AUTHORITY_DIR => "$base/authority",
        AUTHORITY_CA => "$base/authority/ca.pem",
        BACKEND_PORT => $authority->{backend},
        CLOSED_PORT => $authority->{closed},
        SERVER_PORT => $port,
        FREE_PORT => $port + 1,
        map { ("FREE_PORT_$_" => $port + $_) } 2 .. 9,
    );

    hook();
}


# what Test::Nginx lets us step into, and the two places where it does not
sub hook {
    no strict 'refs';
    no warnings 'redefine';

    choose(split /,/, $ENV{AUTH_TOKEN_BLOCKS})
        if defined $ENV{AUTH_TOKEN_BLOCKS};

    # the last one, so that what those of a file make is expanded as well
    push @Test::Nginx::Util::BlockPreprocessors, \&before;

    my $run = $Test::Nginx::Util::RunTestHelper;
    $Test::Nginx::Util::RunTestHelper = sub {
        my ($block, $dry_run, $repetition) = @_;

        return if $repetition > 0 && defined $block->once;

        if ($repetition > 0) {
            again($block);
        } else {
            AuthToken::Server::wait_for_worker();
        }
        @sent = @received = ();
        $run->(@_);
        after($block, $repetition) if !$dry_run;
    };

    # reached only by blocks whose nginx must not start
    my $check = $Test::Nginx::Util::CheckErrorLog;
    $Test::Nginx::Util::CheckErrorLog = sub {
        my ($block) = @_;

        # the [emerg] is what such a block is about
        local $SIG{__WARN__} = sub {
            warn @_ if $_[0] !~ /^WARNING: .*\[emerg\]/;
        };

        $check->(@_);
        Test::More::ok(!problems($block, emerg => 1),
                       $block->name . ' - log is clean');
    };

    # called when nginx has ended, for blocks that ask; each does, see before()
    my $shutdown = $Test::Nginx::Util::CheckShutdownErrorLog;
    $Test::Nginx::Util::CheckShutdownErrorLog = sub {
        my ($block) = @_;

        $shutdown->(@_) if !$block->{auth_token_shutdown};
        farewell($block);
    };

    *Test::Nginx::Util::test_config_version = \&wait_for_reload;

    my $send = \&Test::Nginx::Socket::send_request;
    *Test::Nginx::Socket::send_request = sub ($$$$@) {
        my ($request) = @_;

        push @sent, map { ref $_ ? $_->{value} : $_ }
                    ref $request eq 'ARRAY' ? @$request : $request;
        my @result = $send->(@_);
        push @received, $result[0] if defined $result[0];
        return wantarray ? @result : $result[0];
    };
}


# only the blocks of these numbers, each of which must be there
sub choose {
    my %wanted = map { $_ => 1 } @_;

    no warnings 'redefine';
    my $blocks = \&Test::Base::blocks;
    *Test::Base::blocks = sub {
        my @chosen = grep { $_->name =~ /^TEST (\d+):/ && $wanted{$1} }
                     $blocks->(@_);
        Test::Nginx::Util::bail_out('no such blocks')
            if @chosen != keys %wanted;
        return @chosen;
    };
}


# in place of two dozen runs of curl after each HUP
sub wait_for_reload ($$) {
    my ($name) = @_;

    my $end = time() + 20;

    # an old worker takes connections until it says that it shuts down
    for (my $good = 0; $good < 3; ) {
        if (serving() <= $Test::Nginx::Util::Workers
            && configuration() eq $Test::Nginx::Util::ConfigVersion)
        {
            $good++;
            next;
        }

        if (time() > $end) {
            Test::Nginx::Util::bail_out("$name - nginx did not reload");
        }
        $good = 0;
        sleep 0.02;
    }
}


# the number of workers that take connections
sub serving {
    open my $in, '<', $Test::Nginx::Util::PidFile or return 0;
    my $master = int(<$in> // 0);
    open $in, '<', "/proc/$master/task/$master/children" or return 0;

    my $count = 0;
    for my $pid (split ' ', <$in> // '') {
        my $text = AuthToken::Server::title($pid);
        $count++ if $text =~ /worker process/ && $text !~ /shutting down/;
    }
    return $count;
}


sub configuration {
    local $SIG{PIPE} = 'IGNORE';

    my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port",
                                       Timeout => 2) or return '';
    print $socket "GET /ver HTTP/1.0\r\nHost: Test-Nginx\r\n\r\n";
    my ($version) = join('', <$socket>) =~ /\r\n\r\n(.*)/s;
    return $version // '';
}


sub before {
    my ($block) = @_;

    farewell($previous) if $previous;
    $previous = $block;
    $number++;

    AuthToken::Expect::before($block);

    $tokens->block($number);
    my %all = (%macros, $tokens->macros);
    my $names = join '|', sort { length $b <=> length $a } keys %all;

    for my $section (@expanded) {
        my $value = $block->$section;
        next if !defined $value;
        $block->set_value($section, expand($value, \%all, $names));
    }

    if ($Test::Nginx::Util::UseHup && defined $block->http_config) {
        # what nginx keeps of an endpoint over a reload, its breaker above
        # all, is not to meet the next block; the authority drops the prefix
        $block->set_value('http_config', $block->http_config =~
            s{(\bendpoint\s+https?://[^\s/;]+)/}{$1/~$number/}gr);
    }

    my $conf = join ' ', map { $_ // '' } $block->main_config,
                    $block->http_config, $block->config;
    if ($conf =~ /\b$authority->{h2}\b/) {
        $authority->start_h2('nginx');
    }

    if (!defined $block->shutdown_error_log
        && !defined $block->no_shutdown_error_log)
    {
        $block->set_value('no_shutdown_error_log', '[emerg]');
        $block->{auth_token_shutdown} = 1;
    }

    if (!defined $block->no_module) {
        load_module($block);
    }

    prepare($block);
}


sub expand {
    my ($value, $all, $names) = @_;

    return [map { expand($_, $all, $names) } @$value] if ref $value eq 'ARRAY';
    return {map { $_ => expand($value->{$_}, $all, $names) } keys %$value}
        if ref $value eq 'HASH';
    return $value if ref $value || !defined $value;

    $value =~ s/\$(?:\{($names)\}|($names)(?![A-Za-z0-9_]))/
                $all->{$1 \/\/ $2}/gex;
    return $value;
}


my $load;

sub load_module {
    my ($block) = @_;

    if (!defined $load) {
        my $path = $ENV{AUTH_TOKEN_MODULE} // File::Spec->rel2abs(
            dirname(__FILE__) . "/../../../build/$module.so");
        my $version = `$Test::Nginx::Util::NginxBinary -V 2>&1`;

        # one that was linked with the module needs no loading
        $load = $path eq '' || $version =~ /--add-module=/ ? ''
                                                  : "load_module $path;\n";
    }

    $block->set_value('main_config', $load . ($block->main_config // ''));
}


# the authority as this block finds it
sub prepare {
    my ($block) = @_;

    $authority->call('POST', 'reset');
    $authority->call('POST', 'credentials', $tokens->credentials);
    $authority->call('POST', 'clients', $tokens->clients);
    $authority->call('POST', 'tokens', $tokens->table);

    my $own = section_json($block, 'tokens');
    $own_rules = section_json($block, 'authority');

    prepare_oracle($authority, $block);
    $authority->call('POST', 'tokens', $own) if $own;
    $authority->call('POST', 'rules', $own_rules) if $own_rules;
    if (my $tls = section_json($block, 'authority_tls')) {
        $authority->call('POST', 'tls', $tls);
    }

    my @mine = !$own ? () : ref $own eq 'HASH' ? keys %$own
                          : grep { defined } map { $_->{token} } @$own;
    $logs->forbid($tokens->forbidden, @mine);
}


# between two repetitions of a block nginx and its cache stay as they are
sub again {
    my ($block) = @_;

    AuthToken::Expect::again($block);
    $authority->call('POST', 'clear');
    $authority->call('DELETE', 'rules');
    $authority->call('POST', 'rules', $own_rules) if $own_rules;
}


sub section_json {
    my ($block, $name) = @_;

    my $text = $block->$name;
    return if !defined $text;
    return $text if ref $text;

    my $value = eval { JSON::PP->new->relaxed->decode($text) };
    Test::Nginx::Util::bail_out($block->name . " - --- $name: $@") if $@;
    return $value;
}


sub after {
    my ($block, $repetition) = @_;

    my $name = $block->name;

    AuthToken::Expect::after($block, $repetition, $authority, \@received);
    check_strangers($authority, $block);

    if (!defined $block->token_in_response_ok) {
        my @leaks = $logs->leaks(join("\n", @received), bearers());
        Test::More::is(scalar @leaks, 0, "$name - no secret in an answer")
            or Test::More::diag("  leaked: $_") for @leaks ? @leaks : undef;
    }

    Test::More::ok(!problems($block), "$name - log is clean");
}


# what this block's clients sent as bearer, if it is long enough to be told
# from ordinary words; ids are no secrets
sub bearers {
    my %ids = map { $_->{id} => 1 } values %{$tokens->{tokens}};
    my @found;

    for my $text (@sent) {
        push @found, grep { length >= 16 && !$ids{$_} }
                     $text =~ /^Authorization:[ \t]*Bearer[ \t]+(\S+)/img;
    }
    return @found;
}


sub problems {
    my ($block, %allow) = @_;

    my @problems = $logs->problems(
        bearers => [bearers()],
        emerg_ok => $allow{emerg} || defined $block->emerg_ok,
        alert_ok => defined $block->alert_ok,
        token_ok => defined $block->token_in_log_ok);

    Test::More::diag("  $_") for @problems;
    return scalar @problems;
}


# the lines that came after the block, of its shutdown above all
sub farewell {
    my ($block) = @_;

    if (problems($block)) {
        Test::More::fail($block->name . ' - log is clean after the end');
    }
    late_strangers($authority, $block);
}


# ends nginx, so that its last lines can be read
sub finish {
    if (!AuthToken::Server::stop()) {
        Test::More::fail("$0 - nginx ends");
    }

    farewell($previous) if $previous;
    undef $previous;
    undef $Test::Nginx::Util::PrevBlock;
    $authority->stop;
}


sub end {
    $authority->stop if $authority;
    if ($base && !$ENV{AUTH_TOKEN_KEEP} && (!$authority
        || $authority->{owner} == $$))
    {
        remove_tree($base);
    }
}


1;
