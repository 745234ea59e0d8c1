#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Installs what is missing on a Debian machine for the purposes named:
#
#     util/install-deps.sh [build] [demo] [test] ...
#
# Costs nothing when nothing is missing.  Needs root or sudo otherwise.

set -eu -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"

# what each purpose needs; @NAME is what another purpose needs
declare -A needs=(
    [build]="gcc libc6-dev make dpkg-dev nginx nginx-dev
             libcurl4-openssl-dev libjansson-dev libsodium-dev"
    [demo]="@build ca-certificates curl openssl procps python3"
    [test]="@demo perl libfaketime nghttp2-client nghttp2-server
            python3-cryptography valgrind"
    [clang]="@build clang libclang-rt-dev"
    [tools]="@clang clang-tidy clang-tools cppcheck gcovr"
    [afl]="@clang afl++"
    [bench]="@build wrk python3 procps libnginx-mod-http-js
             libnginx-mod-http-lua lua-cjson iproute2 util-linux
             linux-perf"
    [root]="debootstrap util-linux"
    [npm]=""
)

# Debian's node, where the machine has none of another origin
if ! command -v node > /dev/null || ! command -v npm > /dev/null; then
    needs[npm]="nodejs npm"
fi


# every package that the purposes given need, one a line
packages_of() {
    local word
    for word in "$@"; do
        if [ -z "${needs[$word]+known}" ]; then
            echo "$0: unknown purpose \"$word\"; known: ${!needs[*]}" >&2
            return 1
        fi
        for word in ${needs[$word]}; do
            case $word in
            @*) packages_of "${word#@}" ;;
            *)  echo "$word" ;;
            esac
        done
    done
}


# those of the packages given that are not installed
missing_of() {
    local have
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" \
           2> /dev/null | sed -n 's/^installed //p')
    printf '%s\n' "$@" | grep -vxF "$have" || true
}


apt_updated=

apt_update() {
    if [ -z "$apt_updated" ]; then
        as_root apt-get -qq update
        apt_updated=yes
    fi
}


# Installs packages, and keeps the package scripts from starting servers:
# nginx is wanted as a program here, not as a service on port 80.
apt_install() {
    local policy=/usr/sbin/policy-rc.d made= rc=0

    apt_update

    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy > /dev/null
        as_root chmod 755 $policy
        made=yes
    fi

    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
        -o DPkg::Lock::Timeout=120 install "$@" > "$work/apt.log" 2>&1 || rc=$?

    if [ -n "$made" ]; then
        as_root rm -f $policy
    fi

    if [ $rc -ne 0 ]; then
        tail -n 30 "$work/apt.log" >&2
    fi

    return $rc
}


# Test::Nginx is packaged by Debian from the release after 13 on.  Exactly
# that one package is taken from there, verified by the archive's keys;
# what it depends on comes from the machine's own suite.
install_test_nginx() {
    local suite deb

    if have_test_nginx; then
        return 0
    fi

    echo "installing: Test::Nginx"
    apt_update

    if apt-cache show libtest-nginx-perl > /dev/null 2>&1; then
        apt_install libtest-nginx-perl
        return
    fi

    for suite in testing unstable; do
        if deb=$(download_from "$suite" libtest-nginx-perl) \
            && apt_install "$deb"
        then
            return 0
        fi
    done

    # an archive keyring that is too old for the newer suites' signatures
    # is itself renewed under the keys that the machine trusts already
    if apt_install debian-archive-keyring \
        && deb=$(download_from testing libtest-nginx-perl) \
        && apt_install "$deb"
    then
        return 0
    fi

    echo "no Debian suite in reach has it, trying CPAN" >&2
    apt_install libtest-base-perl libtest-longstring-perl libtext-diff-perl \
        libwww-perl liblist-moreutils-perl libipc-run-perl
    as_root env PERL_MM_USE_DEFAULT=1 timeout 300 \
        cpan -T Test::Nginx::Socket > "$work/cpan.log" 2>&1 || true

    if ! have_test_nginx; then
        echo "$0: cannot install Test::Nginx" >&2
        tail -n 5 "$work"/*/log "$work/cpan.log" >&2 || true
        return 1
    fi
}


have_test_nginx() {
    perl -e 'exit !grep { -f "$_/Test/Nginx/Socket.pm" } @INC'
}


# download_from SUITE PACKAGE: prints the path of the downloaded .deb
download_from() {
    local dir="$work/$1"
    apt_private "$dir" "$1" || return 1
    (cd "$dir" && apt-get -qq $(apt_private_options "$dir") \
        download "$2" >> "$dir/log" 2>&1) || return 1
    ls "$dir/$2"_*.deb
}


# The packages of t/npm, into build/npm: no other place, and no script of
# theirs is run.  The lock file has their digests, and names no registry.
install_npm() {
    local from=$here/../t/npm to=$here/../build/npm

    if cmp -s "$from/package-lock.json" "$to/package-lock.json"; then
        return 0
    fi

    echo "installing: npm packages of t/npm"
    rm -rf "$to" "$to.new"
    mkdir -p "$to.new"
    cp "$from/package.json" "$from/package-lock.json" "$to.new"

    if ! (cd "$to.new" && timeout 300 npm ci --ignore-scripts --no-audit \
            --no-fund --no-update-notifier --loglevel=error \
            --fetch-retries=1 --fetch-retry-mintimeout=1000 \
            --fetch-retry-maxtimeout=5000) > "$work/npm.log" 2>&1
    then
        tail -n 10 "$work/npm.log" >&2
        echo "$0: cannot install the npm packages" >&2
        rm -rf "$to.new"
        return 1
    fi

    mv "$to.new" "$to"
}


main() {
    local purpose packages missing

    if [ $# -eq 0 ]; then
        set -- build
    fi

    if ! command -v apt-get > /dev/null; then
        echo "$0: no apt-get here; install by hand:" >&2
        packages_of "$@" >&2
        exit 1
    fi

    packages=$(packages_of "$@")
    missing=${packages:+$(missing_of $packages)}

    if [ -n "$missing" ]; then
        echo "installing:" $missing
        apt_install $missing
    fi

    for purpose in "$@"; do
        case $purpose in
        test) install_test_nginx ;;
        npm)  install_npm ;;
        esac
    done
}


work=$(mktemp -d)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT

main "$@"
