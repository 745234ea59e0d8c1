#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Runs a command in a fresh Debian of another release, with this checkout:
#
#     util/root.sh [--worktree] [--keep] [--prepare CMD] SUITE CMD [ARG]...
#
# SUITE is bookworm, trixie, testing, ...  The root is made by debootstrap
# (minbase) from the machine's own mirror, kept as build/roots/SUITE.tar,
# and is new for every run.  It holds what is committed, with --worktree
# also what is not, in /src, where CMD runs.  --prepare CMD makes and then
# keeps a second tarball of the root as CMD left it, named by CMD's digest:
# for a matrix that shall not install the same packages each time.
# --keep leaves the root in build/roots/ and prints where.  Needs root.

set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/util/apt.sh"
PATH=$PATH:/usr/sbin:/sbin

roots=$top/build/roots
worktree= keep= prepare=

while [ $# -gt 0 ]; do
    case $1 in
    --worktree) worktree=yes ;;
    --keep)     keep=yes ;;
    --prepare)  prepare=$2; shift ;;
    -*)         set -- ; break ;;
    *)          break ;;
    esac
    shift
done

if [ $# -lt 2 ]; then
    sed -n '5,18s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi

suite=$1
shift

if [ "$(id -u)" -ne 0 ]; then
    exec sudo -n "$0" ${worktree:+--worktree} ${keep:+--keep} \
        ${prepare:+--prepare "$prepare"} "$suite" "$@"
fi

mirror=$(apt_mirrors | grep -v security | head -n 1)
security=$(apt_mirrors | grep security | head -n 1 || true)

if [ -z "$mirror" ]; then
    echo "$0: no Debian mirror in this machine's apt sources" >&2
    exit 1
fi


# what apt needs to work inside as it does outside: the machine's mirrors
# with the suite's name, its proxies and other settings of downloading
copy_apt_settings() {
    local root=$1 file signed=

    for file in gpg pgp; do
        file=/usr/share/keyrings/debian-archive-keyring.$file
        if [ -s "$root$file" ]; then signed=" [signed-by=$file]"; fi
    done

    rm -f "$root"/etc/apt/sources.list.d/*
    {
        echo "deb$signed $mirror $suite main"
        echo "deb-src$signed $mirror $suite main"
        case $suite in
        testing|unstable|sid) ;;
        *)
            echo "deb$signed $mirror $suite-updates main"
            if [ -n "$security" ]; then
                echo "deb$signed $security $suite-security main"
                echo "deb-src$signed $security $suite-security main"
            fi
            ;;
        esac
    } > "$root/etc/apt/sources.list"

    apt-config dump | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' \
        > "$root/etc/apt/apt.conf.d/00machine"
    echo 'Acquire::Languages "none";' >> "$root/etc/apt/apt.conf.d/00machine"

    cp -a /etc/apt/auth.conf /etc/apt/auth.conf.d "$root/etc/apt/" \
        2> /dev/null || true
}


make_pristine() {
    local dir=$1 tarball=$2 include=

    case $mirror in
    https:*) include=--include=ca-certificates ;;
    esac

    if ! debootstrap --variant=minbase $include \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$suite" "$dir" "$mirror" > "$roots/$suite.log" 2>&1
    then
        tail -n 20 "$roots/$suite.log" >&2
        return 1
    fi

    copy_apt_settings "$dir"
    rm -rf "$dir"/var/cache/apt/archives/*.deb
    tar -C "$dir" -cf "$tarball.new" .
    mv "$tarball.new" "$tarball"
}


copy_checkout() {
    mkdir -p "$1/src"

    if [ -n "$worktree" ] || ! git -C "$top" rev-parse HEAD > /dev/null 2>&1
    then
        tar -C "$top" --exclude=./build --exclude=./.git -cf - . \
            | tar -C "$1/src" -xf -
    else
        git -C "$top" archive HEAD | tar -C "$1/src" -xf -
    fi
}


# run_in ROOT CMD [ARG]...: with mounts that go when the command is gone
run_in() {
    local root=$1
    shift

    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"

    unshare --mount --pid --fork --kill-child --propagation private \
        sh -c '
            set -e
            root=$1; shift
            mount -t proc proc "$root/proc"
            mount --rbind /sys "$root/sys"
            mount --rbind /dev "$root/dev"
            mount -t tmpfs tmpfs "$root/tmp"
            exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 \
                PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                ${TERM:+TERM="$TERM"} ${CI:+CI="$CI"} ${JOBS:+JOBS="$JOBS"} \
                ${http_proxy:+http_proxy="$http_proxy"} \
                ${https_proxy:+https_proxy="$https_proxy"} \
                ${no_proxy:+no_proxy="$no_proxy"} \
                sh -c "cd /src && exec \"\$@\"" sh "$@"
        ' sh "$root" "$@"
}


mkdir -p "$roots"
dir=$(mktemp -d "$roots/$suite.XXXXXX")

if [ -z "$keep" ]; then
    trap 'rm -rf --one-file-system "$dir"' EXIT
fi

tarball=$roots/$suite.tar

if [ ! -s "$tarball" ]; then
    mkdir "$dir/new"
    make_pristine "$dir/new" "$tarball"
    rm -rf --one-file-system "$dir/new"
fi

root=$dir/root
mkdir "$root"

if [ -n "$prepare" ]; then
    digest=$(printf %s "$prepare" | sha256sum | cut -c 1-12)
    prepared=$roots/$suite-$digest.tar

    if [ ! -s "$prepared" ] || [ "$tarball" -nt "$prepared" ]; then
        tar -C "$root" -xf "$tarball"
        copy_checkout "$root"
        run_in "$root" sh -c "$prepare" >&2
        rm -rf "$root/src" "$root"/var/cache/apt/archives/*.deb
        tar -C "$root" -cf "$prepared.new" .
        mv "$prepared.new" "$prepared"
        rm -rf --one-file-system "$root"
        mkdir "$root"
    fi

    tarball=$prepared
fi

tar -C "$root" -xf "$tarball"
copy_checkout "$root"

if [ -n "$keep" ]; then
    echo "root: $root" >&2
fi

rc=0
run_in "$root" "$@" || rc=$?
exit $rc
