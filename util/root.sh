#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Runs a command in a fresh Debian of another release, with this checkout:
#
#     util/root.sh [--worktree] [--keep] [--prepare CMD] SUITE CMD [ARG]...
#
# SUITE is bookworm, trixie, testing, ...  The root is made by debootstrap
# (minbase) from the machine's own mirror and kept as build/roots/SUITE for
# a week, as suites get new packages; what CMD does to it is gone after it.
# The root holds what is committed, with --worktree also what is not, in
# /src, where CMD runs.  --prepare CMD makes and keeps a second root as CMD
# left it, named by CMD's digest, and starts from that: for a matrix that
# shall not install the same packages each time.  --keep leaves the root in
# build/roots/ and prints where.  Needs root.

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
    sed -n '5,19s/^# \{0,1\}//p' "$0" >&2
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


# what npm and node need for the same: registries, what to show them, proxies
# and trusted certificates, from files and environment; no directories
copy_npm_settings() {
    local root=$1 npmrc=$1/root/.npmrc settings file

    mkdir -p -m 700 "$root/root"
    rm -f "$npmrc" "$root/etc/npm-cafile.pem" "$root/etc/node-extra-ca.pem"

    if [ -s "${NODE_EXTRA_CA_CERTS:-}" ]; then
        cp -L "$NODE_EXTRA_CA_CERTS" "$root/etc/node-extra-ca.pem"
    fi

    if ! settings=$(npm config get globalconfig userconfig registry proxy \
        https-proxy noproxy strict-ssl cafile 2> /dev/null)
    then
        return 0
    fi

    settings=$(echo "$settings" | grep -vE '=(null|undefined)?$' || true)
    (umask 077; : > "$npmrc")

    echo "$settings" | sed -n 's/^[a-z]*config=//p' | while read -r file; do
        grep -sE '^ *(//|@[^=]*:registry|_auth|ca(\[\])? *=)' "$file" || true
    done >> "$npmrc"

    echo "$settings" | sed -E '/^([a-z]*config|cafile)=/d' >> "$npmrc"

    # under a name that the package of certificates does not write anew
    file=$(echo "$settings" | sed -n 's/^cafile=//p')
    if [ -s "$file" ]; then
        cp -L "$file" "$root/etc/npm-cafile.pem"
        echo "cafile=/etc/npm-cafile.pem" >> "$npmrc"
    fi
}


make_pristine() {
    local base=$1 include=

    case $mirror in
    https:*) include=--include=ca-certificates ;;
    esac

    if ! debootstrap --variant=minbase $include \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$suite" "$base.new" "$mirror" > "$roots/$suite.log" 2>&1
    then
        tail -n 20 "$roots/$suite.log" >&2
        return 1
    fi

    copy_apt_settings "$base.new"
    rm -rf "$base.new"/var/cache/apt/archives/*.deb
    touch "$base.new"
    mv "$base.new" "$base"
}


make_prepared() {
    local pristine=$1 base=$2

    cp -a "$pristine" "$base.new"
    copy_checkout "$base.new"
    run_in "$base.new" sh -c "$prepare" >&2
    rm -rf "$base.new/src" "$base.new/shared"
    rm -rf "$base.new"/var/cache/apt/archives/*.deb
    mv "$base.new" "$base"
}


copy_checkout() {
    mkdir -p "$1/src"

    # what t/openapi.t looks for beside the checkout, or where it is told
    if [ -d "$top/../shared/data" ]; then
        mkdir -p "$1/shared"
        cp -rL "$top/../shared/data" "$1/shared/"
    fi
    if [ -s "${AUTH_TOKEN_OPENAPI:-}" ]; then
        mkdir -p "$1/etc"
        cp -L "$AUTH_TOKEN_OPENAPI" "$1/etc/openapi.json"
    fi

    if [ -n "$worktree" ] || ! git -C "$top" rev-parse HEAD > /dev/null 2>&1
    then
        tar -C "$top" --exclude=./build --exclude=./.git -cf - . \
            | tar -C "$1/src" -xf -
    else
        git -C "$top" archive HEAD | tar -C "$1/src" -xf -
    fi
}


# run_in ROOT CMD [ARG]...: with mounts that go when the command is gone.
# With lower set, ROOT/root is lower with a layer over it, else ROOT is it.
run_in() {
    local root=$1
    shift

    mkdir -p "$root/etc"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    copy_npm_settings "$root"

    unshare --mount --pid --fork --kill-child --propagation private \
        sh -c '
            set -e
            root=$1; lower=$2; shift 2
            if [ -n "$lower" ]; then
                mount -t overlay -o \
                    "lowerdir=$lower,upperdir=$root,workdir=$root.work" \
                    overlay "$root.root"
                root=$root.root
            fi
            mount -t proc proc "$root/proc"
            mount --rbind /sys "$root/sys"
            mount --rbind /dev "$root/dev"
            mount -t tmpfs tmpfs "$root/tmp"
            extra=/etc/node-extra-ca.pem
            [ -s "$root$extra" ] || extra=
            openapi=/etc/openapi.json
            [ -s "$root$openapi" ] || openapi=
            exec chroot "$root" env -i HOME=/root LANG=C.UTF-8 \
                PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
                ${TERM:+TERM="$TERM"} ${CI:+CI="$CI"} ${JOBS:+JOBS="$JOBS"} \
                ${http_proxy:+http_proxy="$http_proxy"} \
                ${https_proxy:+https_proxy="$https_proxy"} \
                ${no_proxy:+no_proxy="$no_proxy"} \
                ${extra:+NODE_EXTRA_CA_CERTS="$extra"} \
                ${openapi:+AUTH_TOKEN_OPENAPI="$openapi"} \
                sh -c "cd /src && exec \"\$@\"" sh "$@"
        ' sh "$root" "$lower" "$@"
}


# can a layer be put over a directory here?
has_overlay() {
    unshare --mount --propagation private mount -t overlay -o \
        "lowerdir=$1,upperdir=$2,workdir=$2.work" overlay "$2.root" \
        2> /dev/null
}


# a root that is older than a week goes, with those that were made of it
drop_old() {
    local base=$1

    if [ -n "$(find "$base" -maxdepth 0 -mtime +6 2> /dev/null)" ]; then
        echo "root: $base is older than a week" >&2
        rm -rf --one-file-system "$base" "$base"-*
    fi
}


mkdir -p "$roots"
base=$roots/$suite
lower=

# what an earlier run that was cut short left behind
rm -rf --one-file-system "$base.new"

drop_old "$base"

if [ ! -d "$base" ]; then
    make_pristine "$base"
fi

if [ -n "$prepare" ]; then
    digest=$(printf %s "$prepare" | sha256sum | cut -c 1-12)
    if [ ! -d "$base-$digest" ]; then
        rm -rf --one-file-system "$base-$digest.new"
        make_prepared "$base" "$base-$digest"
    fi
    base=$base-$digest
fi

dir=$(mktemp -d "$roots/run.XXXXXX")

if [ -z "$keep" ]; then
    trap 'rm -rf --one-file-system "$dir"' EXIT
fi

root=$dir/layer
mkdir "$root" "$root.work" "$root.root"

if [ -z "$keep" ] && has_overlay "$base" "$root"; then
    lower=$base
else
    rm -rf "$root"
    cp -a "$base" "$root"
    echo "root: $root" >&2
fi

copy_checkout "$root"

rc=0
run_in "$root" "$@" || rc=$?
exit $rc
