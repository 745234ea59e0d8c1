#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Installs what the tests need, builds, and runs every stage:
#
#     util/test.sh [STAGE]...
#
# or those named.  A stage that runs no test has failed.  The last line is
# "N passed, N failed, N skipped", and before it stands why something was
# skipped.  NO_INSTALL=1 leaves the machine as it is; JOBS is the number of
# programs that run at the same time, of test files half as many again.

set -u -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
PATH=$PATH:/usr/sbin:/sbin

# name, what it needs (- or module, and with "tools" the packages of that
# purpose, with "npm" those too, if they are to be had; "named": it runs only
# when it is asked for), and the command, which speaks TAP or runs prove; in
# the order of running
stages='
style           -       run_checks
compile         module  util/compile.sh
unit            -       make -s unit
coverage        tools   make -s unit-coverage zone-coverage
differential    -       make -s differential
mutants         -       make -s mutants
replay          -       make -s fuzz-replay
reach           -       make -s fuzz-coverage
count           module  bench/count
fuzz            tools   make -s fuzz
static          module,tools  util/static --short
e2e             module,npm  run_prove
hup             module  run_hup
glue-mutants    module  util/mutants/glue --fifth
bytewise        module  util/bytewise --short
sanitize        -       util/sanitize/run --short
torture         -       run_torture
'

JOBS=${JOBS:-$(nproc)}
# tests that wait more than they work, for a server
waiting=$((JOBS + (JOBS + 1) / 2))
logs=$top/build/test
passed=0
failed=0
skipped=0


# the .t files run side by side, but each in a range of ports of its own
run_prove() {
    PERL5LIB=$top/util${PERL5LIB:+:$PERL5LIB} \
        prove --formatter Skipped --jobs "$waiting" --recurse "${@:-t}"
}


# once more, with reloads in place of restarts between the blocks
run_hup() {
    local files
    mapfile -t files < <(grep -rlE --include='*.t' '^use AuthToken\b' t)
    [ ${#files[@]} -gt 0 ] && TEST_NGINX_USE_HUP=1 run_prove "${files[@]}"
}


run_torture() {
    JOBS=$waiting t/torture/run --short
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


# Prints "passed failed skipped" for the output of a stage: what prove says in
# its closing lines, or the lines of plain TAP, or what a comparison found.
count_tests() {
    awk '
        /, [0-9]+ different$/ { if ($(NF - 1) > 0) bad++; else good++ }
        /^(not )?ok( |$)/ {
            if (/^not/ && !/# *TODO/) bad++
            else if (/# *[Ss][Kk][Ii][Pp]/) none++
            else good++
        }
        /^skipped: / { none++ }
        # a file that was skipped as a whole has no tests to take it from
        / \.+ skipped: / { whole++ }
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
                all -= lost + none - whole
                print (all > 0 ? all : 0), lost + 0, none + 0
            } else {
                print good + 0, bad + 0, none + 0
            }
        }' "$1"
}


run_stage() {
    local name=$1 log=$logs/$1.log rc=0 good bad none start=$SECONDS
    shift

    echo "== $name"
    "$@" 2>&1 < /dev/null | tee "$log" || rc=1
    read -r good bad none < <(count_tests "$log")

    if [ $((good + bad)) -eq 0 ]; then
        echo "$name: ran no test"
        bad=1
    elif [ $rc -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "$name: failed outside of its tests"
        bad=1
    fi

    passed=$((passed + good))
    failed=$((failed + bad))
    skipped=$((skipped + none))
    summary="$summary$name: $good passed, $bad failed, $none skipped,\
 $((SECONDS - start)) s
"
    grep -hE '^skipped: |^ok .*# *[Ss][Kk][Ii][Pp]' "$log" | sort -u \
        | sed "s/^/$name: /" >> "$logs/skipped"
}


known=$(echo "$stages" | awk 'NF { print $1 }')
chosen=${*:-$(echo "$stages" | awk 'NF && $2 !~ /named/ { print $1 }')}
summary=

for name in $chosen; do
    if ! echo "$known" | grep -xF -- "$name" > /dev/null; then
        echo "$0: no stage \"$name\"; there are:" $known >&2
        exit 2
    fi
done

mkdir -p "$logs"
: > "$logs/skipped"

purposes=test
npm=
for name in $chosen; do
    needs=$(echo "$stages" | awk -v name="$name" '$1 == name { print $2 }')
    case $needs in *tools*) purposes="test tools" ;; esac
    case $needs in *npm*)   npm=yes ;; esac
done

if [ -z "${NO_INSTALL:-}" ] && ! util/install-deps.sh $purposes; then
    echo "0 passed, 1 failed"
    exit 1
fi

# what comes from another registry may be out of reach; its tests skip then
if [ -z "${NO_INSTALL:-}" ] && [ -n "$npm" ]; then
    util/install-deps.sh npm || true
fi

for name in $chosen; do
    read -r _ needs command < <(echo "$stages" | grep "^$name ")

    if [[ $needs = module* ]] && [ -z "${built:-}" ]; then
        if ! util/build.sh; then
            summary="${summary}build: failed
"
            failed=$((failed + 1))
            break
        fi
        built=yes
    fi

    run_stage "$name" $command
done

printf '\n%s\n' "$summary"
[ ! -s "$logs/skipped" ] || { cat "$logs/skipped"; echo; }
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
