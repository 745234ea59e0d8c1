#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Installs what the tests need, builds, and runs every stage:
#
#     util/test.sh [STAGE]...
#
# or those named.  A stage that runs no test has failed.  The last line is
# "N passed, N failed".  NO_INSTALL=1 leaves the machine as it is; JOBS is
# the number of test files that run at the same time.

set -u -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
PATH=$PATH:/usr/sbin:/sbin

# name, and the command that speaks TAP or is prove; in the order of running
stages='
style           run_checks
unit            make -s unit
differential    make -s differential
e2e             run_prove
hup             env TEST_NGINX_USE_HUP=1 util/test.sh --prove
'

JOBS=${JOBS:-$(nproc)}
logs=$top/build/test
passed=0
failed=0


# the .t files run side by side, but each in a range of ports of its own
run_prove() {
    prove --jobs "$JOBS" --recurse --failures t < /dev/null
}


# each executable util/check-* is one test
run_checks() {
    local check n=0 bad=0

    for check in util/check-*; do
        [ -x "$check" ] || continue
        n=$((n + 1))
        if "$check"; then
            echo "ok $n - $check"
        else
            echo "not ok $n - $check"
            bad=1
        fi
    done

    return $bad
}


# Prints "passed failed" for the output of a stage: what prove says in its
# closing lines, or the lines of plain TAP.
count_tests() {
    awk '
        /^(not )?ok( |$)/ { if (/^not/ && !/# *TODO/) bad++; else good++ }
        /^Files=[0-9]+, Tests=[0-9]+/ {
            proved = 1
            split($2, part, "[=,]")
            all += part[2]
        }
        /\(Wstat: .* Tests: [0-9]+ Failed: [0-9]+\)/ {
            n = $NF + 0
            lost += n > 0 ? n : 1
        }
        END {
            if (proved) {
                print (all > lost ? all - lost : 0), lost + 0
            } else {
                print good + 0, bad + 0
            }
        }' "$1"
}


run_stage() {
    local name=$1 log=$logs/$1.log rc=0 good bad start=$SECONDS
    shift

    echo "== $name"
    "$@" 2>&1 < /dev/null | tee "$log" || rc=1
    read -r good bad < <(count_tests "$log")

    if [ $((good + bad)) -eq 0 ]; then
        echo "$name: ran no test"
        bad=1
    elif [ $rc -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "$name: failed outside of its tests"
        bad=1
    fi

    passed=$((passed + good))
    failed=$((failed + bad))
    summary="$summary$name: $good passed, $bad failed, $((SECONDS - start)) s
"
}


if [ "${1:-}" = --prove ]; then
    run_prove
    exit
fi

known=$(echo "$stages" | awk 'NF { print $1 }')
chosen=${*:-$known}
summary=

for name in $chosen; do
    if ! echo "$known" | grep -qxF -- "$name"; then
        echo "$0: no stage \"$name\"; there are:" $known >&2
        exit 2
    fi
done

mkdir -p "$logs"

if [ -z "${NO_INSTALL:-}" ] && ! util/install-deps.sh test; then
    echo "0 passed, 1 failed"
    exit 1
fi

if ! util/build.sh; then
    echo "0 passed, 1 failed"
    exit 1
fi

for name in $chosen; do
    run_stage "$name" $(echo "$stages" | awk -v s="$name" \
        '$1 == s { $1 = ""; print }')
done

printf '\n%s\n' "$summary"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
