#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Runs stages of the tests in fresh roots of three Debian releases:
#
#     util/matrix.sh STAGE...
#
# Each must have the nginx that it is there for: 1.22 of Debian 12, 1.26 of
# Debian 13, and a newer one of testing.  MATRIX_SUITES names some of them.

set -eu -o pipefail

here=$(cd "$(dirname "$0")" && pwd)

declare -A wanted=([bookworm]=1.22 [trixie]=1.26 [testing]=newer)
newest=1.26

# in_root SUITE CMD [ARG]...
in_root() {
    "$here/root.sh" --prepare 'util/install-deps.sh test' "$@"
}


# check_version SUITE VERSION: is it the nginx that is wanted?
check_version() {
    local suite=$1 version=$2 minor

    minor=${version%.*}

    if [ "${wanted[$suite]}" = newer ]; then
        [ -n "$version" ] && dpkg --compare-versions "$minor" gt $newest
    else
        [ "$minor" = "${wanted[$suite]}" ]
    fi || {
        echo "$0: $suite has nginx \"$version\", not ${wanted[$suite]}" >&2
        return 1
    }
}


for suite in ${MATRIX_SUITES:-bookworm trixie testing}; do
    version=$(in_root "$suite" sh -c 'nginx -v 2>&1' \
              | sed -n 's,^nginx version: nginx/\([0-9.]*\).*,\1,p')
    echo "== $suite: nginx $version"
    check_version "$suite" "$version"
    in_root "$suite" util/test.sh "$@"
done
