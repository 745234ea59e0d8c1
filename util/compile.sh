#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Compiles the module without a warning under every compiler that is here,
# and into a server (static), which has to pass the tests of phases.  Speaks
# TAP; the modules stay in build/compile-COMPILER.

set -u -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
PATH=$PATH:/usr/sbin:/sbin

flags='-Wall -Wextra -Werror'
n=0
bad=0
seen=


report() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        bad=1
        echo "not ok $n - $2"
        sed 's/^/# /' "build/compile.log" | head -n 40
    fi
}


for cc in gcc gcc-12 gcc-14 clang clang-14 clang-19; do
    command -v "$cc" > /dev/null || continue

    # gcc is one of the others by another name
    version=${cc%%-*}$("$cc" -dumpversion)
    case $seen in *"|$version|"*) continue ;; esac
    seen="$seen|$version|"

    util/build.sh --name "compile-$cc" --cc "$cc" --cflags "$flags" \
        > build/compile.log 2>&1 && [ "$(wc -l < build/compile.log)" = 1 ]
    report $? "no warnings: $cc"

    # not by way of nginx's configure, which adds -Wno-unused-parameter
    # shellcheck disable=SC2086
    "$cc" -std=c11 -O2 $flags -Ingx_module/core -fsyntax-only \
        ngx_module/core/*.c > build/compile.log 2>&1
    report $? "no warnings: the core, $cc"
done

if source=$(util/nginx-source.sh 2> build/compile.log); then
    util/build.sh --static --source "$source" > build/compile.log 2>&1
    report $? "static"

    # nginx does not sort the modules of a server, so the module has to find
    # its place among them itself
    if [ -x build/static/nginx ]; then
        TEST_NGINX_BINARY=$top/build/static/nginx prove -Q t/phases.t \
            > build/compile.log 2>&1
        report $? "static: the tests of phases"
    fi
else
    n=$((n + 1))
    echo "ok $n - static # SKIP no source of nginx"
fi

echo "1..$n"
exit $bad
