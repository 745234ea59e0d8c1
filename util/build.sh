#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Builds the module for the installed nginx, only what changed:
#
#     util/build.sh [--name NAME] [--cflags FLAGS] [--ldflags FLAGS]
#                   [--cc CC] [--source DIR] [--static] [--addon DIR]...
#
# Makes build/ngx_http_auth_token_module.so, or with --name
# build/NAME/ngx_http_auth_token_module.so.  --source takes another nginx
# source tree than that of nginx-dev; with --static, which needs a whole
# one, the outcome is a server with the module linked in:
# build/NAME/nginx.  --addon adds one more static module.  CC, CFLAGS and
# LDFLAGS may also stand in the environment; JOBS is for make.

set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

module=ngx_http_auth_token_module
source=${NGINX_SOURCE:-/usr/share/nginx/src}
flags_file=/usr/share/nginx/src/conf_flags
name= static= addons=()
cc=${CC:-cc} cflags=${CFLAGS:-} ldflags=${LDFLAGS:-}

while [ $# -gt 0 ]; do
    case $1 in
    --name)     name=$2; shift ;;
    --cc)       cc=$2; shift ;;
    --cflags)   cflags=$2; shift ;;
    --ldflags)  ldflags=$2; shift ;;
    --source)   source=$(cd "$2" && pwd); shift ;;
    --addon)    addons+=("--add-module=$(cd "$2" && pwd)"); shift ;;
    --static)   static=yes; name=${name:-static} ;;
    *)          sed -n '5,17s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
    shift
done

if [ ! -x "$source/configure" ]; then
    echo "$0: no nginx source in $source (try util/install-deps.sh)" >&2
    exit 1
fi

out=$top/build${name:+/$name}
objs=$out/objs
mkdir -p "$out"

# Debian's own flags give the signature that its nginx asks of a module
NGX_CONF_FLAGS=(--with-compat --with-http_ssl_module --with-http_v2_module
                --with-http_realip_module --with-http_auth_request_module
                --with-http_stub_status_module --with-threads)
if [ -r $flags_file ]; then
    . $flags_file
fi

if [ -n "$static" ]; then
    how=--add-module=$top
    target=
else
    how=--add-dynamic-module=$top
    target=modules
fi

cc_opt="$(dpkg-buildflags --get CFLAGS) $(dpkg-buildflags --get CPPFLAGS)"
cc_opt="$cc_opt -fPIC $cflags"
ld_opt="$(dpkg-buildflags --get LDFLAGS) -fPIC $ldflags"

# configure only when something that it reads is not as it was
stamp=$(printf '%s\n' "$how" "$cc" "$cc_opt" "$ld_opt" "$source" \
        "${NGX_CONF_FLAGS[*]}" "${addons[*]-}" "$($cc --version | head -n 1)"
        cat "$top/config" "$source/src/core/nginx.h"
        ls "$top"/ngx_module/*.[ch] "$top"/ngx_module/core/*.[ch])

if [ "$stamp" != "$(cat "$out/configured" 2> /dev/null)" ]; then
    rm -rf "$objs" "$out/configured"
    # Debian's flags from nginx 1.30 on have these options too: the last wins
    (cd "$source" && ./configure --builddir="$objs" \
        "${NGX_CONF_FLAGS[@]}" --with-cc="$cc" \
        --with-cc-opt="$cc_opt" --with-ld-opt="$ld_opt" \
        "${addons[@]}" "$how") \
        > "$out/configure.log" 2>&1 \
        || { tail -n 20 "$out/configure.log" >&2
             tail -n 20 "$objs/autoconf.err" >&2; exit 1; }
    if [ -n "$cflags" ] && ! grep -qF -- "$cflags" "$objs/Makefile"; then
        echo "$0: configure did not take the flags $cflags" >&2
        exit 1
    fi
    printf '%s\n' "$stamp" > "$out/configured"
fi

make -s -j"${JOBS:-$(nproc)}" -C "$source" -f "$objs/Makefile" $target \
    > "$out/make.log" 2>&1 || { cat "$out/make.log" >&2; exit 1; }
cat "$out/make.log" >&2

if [ -n "$static" ]; then
    built=$objs/nginx
    made=$out/nginx
else
    built=$objs/$module.so
    made=$out/$module.so
fi

# a new inode each time: a running nginx keeps the old file mapped
if ! cmp -s "$built" "$made"; then
    cp "$built" "$made.new"
    mv "$made.new" "$made"
fi

echo "${made#"$top"/}"
