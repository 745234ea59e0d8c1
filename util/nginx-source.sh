#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Fetches the whole source of the installed nginx, as Debian built it, and
# prints the directory: for builds that nginx-dev is not enough for, as
# util/build.sh --static.  Kept in build/nginx-VERSION.  Where a mirror has
# not that revision's source, another one of the same upstream version is
# taken, or upstream's without Debian's patches, and said so.

set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/util/apt.sh"

installed=$(dpkg-query -W -f '${source:Version}' nginx)
dir=$top/build/nginx-$installed


fetch() {
    local work=$1 version keyring
    shift

    apt_private_dirs "$work"
    keyring=$(apt_keyring_option)
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | sort -u \
        | sed "s|^|deb-src$keyring |" > "$work/sources.list"
    apt-get -qq $(apt_private_options "$work") update

    # the installed revision first, then others of its upstream version
    for version in "$installed" $(apt-cache $(apt_private_options "$work") \
        showsrc nginx | sed -n "s/^Version: \(${installed%-*}-.*\)/\1/p")
    do
        if (cd "$work" && apt-get -qq $(apt_private_options "$work") \
            source --download-only "nginx=$version")
        then
            echo "$version" > "$work/version"
            return 0
        fi
    done

    # a mirror may not have all parts of a revision: what apt has fetched of one
    # it has verified, and upstream's tarball is enough
    if ls "$work"/nginx_"${installed%-*}".orig.tar.?z; then
        echo "${installed%-*}" > "$work/version"
        return 0
    fi

    return 1
}


if [ ! -x "$dir/configure" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT

    fetch "$work" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }

    if [ "$(cat "$work/version")" != "$installed" ]; then
        echo "$0: source of $(cat "$work/version") for $installed" >&2
    fi

    mkdir -p "$top/build"
    rm -rf "$dir"
    if [ -e "$work/nginx_$(cat "$work/version").dsc" ]; then
        dpkg-source --no-check -x "$work"/nginx_*"$(cat "$work/version")".dsc \
            "$dir" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    else
        mkdir "$dir.new"
        tar -C "$dir.new" --strip-components 1 -xf "$work"/nginx_*.orig.tar.?z
        mv "$dir.new" "$dir"
    fi
fi

echo "$dir"
