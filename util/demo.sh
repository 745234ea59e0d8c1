#!/usr/bin/env bash
#
# Copyright (C) The ngx_http_auth_token_module authors
#
# Shows the module at work, on loopback and until Ctrl-C:
#
#     util/demo.sh
#
# Installs what is missing, builds, starts nginx with a demo authority that
# answers as Cloudflare's, and prints requests to try.
#
#     AUTH_TOKEN_ENDPOINT    ask this authority instead
#     AUTH_TOKEN_CREDENTIAL  with this token as the provider's credential
#     AUTH_TOKEN_PORT        listen on this port, and on no other
#     NO_INSTALL=1           leave the machine as it is

set -eu -o pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin

endpoint=${AUTH_TOKEN_ENDPOINT:-}
curl='curl -i'

# a proxy that is set for the machine would not find this one's loopback
if [ -n "${http_proxy:-}${all_proxy:-}${ALL_PROXY:-}" ]; then
    curl="$curl --noproxy '*'"
fi

work= pids=()


die() {
    echo "$0: $*" >&2
    exit 1
}


# ends what was started, whatever the reason
clean_up() {
    local pid i
    trap - EXIT
    trap '' INT TERM HUP

    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2> /dev/null || true
    done

    for pid in "${pids[@]}"; do
        for ((i = 0; i < 100; i++)); do
            kill -0 "$pid" 2> /dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2> /dev/null || true
        wait "$pid" 2> /dev/null || true
    done

    if [ -n "$work" ]; then
        rm -rf "$work"
    fi
}


# start COMMAND [ARG]...: runs it as a child that dies with this script
start() {
    setpriv --pdeathsig TERM "$@" < /dev/null &
    pids+=($!)
}


# wait_for FILE PID SECONDS: until PID has written FILE
wait_for() {
    local i
    for ((i = 0; i < $3 * 20; i++)); do
        if [ -s "$1" ]; then return 0; fi
        kill -0 "$2" 2> /dev/null || return 1
        sleep 0.05
    done
    return 1
}


is_taken() {
    (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}


choose_port() {
    if [ -n "${AUTH_TOKEN_PORT:-}" ]; then
        port=$AUTH_TOKEN_PORT
        if is_taken "$port"; then
            die "port $port is taken: choose another AUTH_TOKEN_PORT"
        fi
        return
    fi

    for ((port = 8080; port < 8180; port++)); do
        is_taken "$port" || return 0
    done

    die "the ports from 8080 to 8179 are taken: set AUTH_TOKEN_PORT"
}


# token NAME: what the demo authority knows under this name; 48 characters
token() {
    local zeros=0000000000000000000000000000000000000000
    echo "demo_${1}_${zeros:0:$((42 - ${#1}))}"
}


# entry NAME ID MEMBERS: a line of the authority's table of tokens
entry() {
    printf '  {"token": "%s", "id": "%032x", "name": "%s"%s}' \
        "$(token "$1")" "$2" "$1" "${3:+, $3}"
}


write_tokens() {
    local active='"status": "active"'
    local bound="$active"', "condition": {"request_ip":'
    local refused='{"status": 403, "body": {"success": false, "errors":
      [{"code": 9109, "message": "Cannot use the access token from location"}],
      "messages": [], "result": null}}'

    cat > "$work/setup.json" << JSON
{"credentials": ["$1"], "tokens": [
$(entry active 1 "$active"),
$(entry disabled 2 '"status": "disabled"'),
$(entry expired 3 "$active, \"expires_on\": \"now-60\""),
$(entry future 4 "$active, \"not_before\": \"now+86400\""),
$(entry bound 5 "$bound {\"in\": [\"127.0.0.1/32\"]}}"),
$(entry except 6 "$bound
      {\"in\": [\"127.0.0.0/8\"], \"not_in\": [\"127.0.0.1/32\"]}}"),
$(entry trouble 7 "$active, \"verify\": $refused")
]}
JSON
}


start_authority() {
    local credential

    credential=demo_credential_$(od -An -tx1 -N 16 /dev/urandom | tr -d ' \n')

    write_tokens "$credential"
    start python3 "$top/t/lib/authority.py" --plain 127.0.0.1:0 \
        --dir "$work/authority" --setup "$work/setup.json" \
        --seconds 2592000 --parent $$ > /dev/null

    wait_for "$work/authority/ready.json" "${pids[-1]}" 20 \
        || die 'the demo authority did not start'

    endpoint=http://127.0.0.1:$(sed -n 's/.*"plain": \([0-9]*\).*/\1/p' \
        "$work/authority/ready.json")/client/v4/user/tokens
    export AUTH_TOKEN_CREDENTIAL=$credential
}


write_conf() {
    cat > "$work/nginx.conf" << CONF
load_module "$top/build/ngx_http_auth_token_module.so";

daemon off;
pid "$work/nginx.pid";
error_log stderr;
worker_processes 2;

events {
}

http {
    access_log off;
    client_body_temp_path "$work/body";
    proxy_temp_path "$work/proxy";
    fastcgi_temp_path "$work/fastcgi";
    uwsgi_temp_path "$work/uwsgi";
    scgi_temp_path "$work/scgi";

    auth_token_provider demo {
        preset      cloudflare;
        endpoint    "$endpoint";
        credential  bearer env:AUTH_TOKEN_CREDENTIAL;
        cache       valid=60s negative=10s;
    }

    server {
        listen 127.0.0.1:$port;

        auth_token demo;

        # for the demo: other clients need not know
        add_header X-Verdict \$auth_token_verdict always;
        add_header X-Cache \$auth_token_cache always;

        proxy_set_header Authorization "";
        proxy_set_header X-Token-Id \$auth_token_id;

        location / {
            proxy_pass http://unix:$work/backend.sock:;
        }

        location /dry-run/ {
            auth_token_dry_run on;
            proxy_pass http://unix:$work/backend.sock:;
        }
    }

    server {
        listen "unix:$work/backend.sock";
        location / {
            return 200 "backend: token id \"\$http_x_token_id\"\n";
        }
    }
}
CONF
}


start_nginx() {
    write_conf
    start nginx -e stderr -p "$work/" -c "$work/nginx.conf"
    wait_for "$work/nginx.pid" "${pids[-1]}" 20 || die 'nginx did not start'
}


# try STATUS VERDICT WHAT [ARGUMENT OF CURL]...
try() {
    local status=$1 verdict=$2 what=$3 word line=$curl
    shift 3

    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9/.:_-]*) word="'$word'" ;;
        esac
        line="$line $word"
    done

    printf '\n%s: %s %s\n  %s\n' "$what" "$status" "$verdict" "$line"
}


# bearer NAME: the header field, in $bearer
bearer() {
    bearer="Authorization: Bearer $(token "$1")"
}


print_demo() {
    local bearer url=http://127.0.0.1:$port/

    bearer active
    try 200 ALLOWED 'an active token' -H "$bearer" "$url"
    try 200 ALLOWED 'the same, from the cache: X-Cache is HIT' \
        -H "$bearer" "$url"
    bearer disabled
    try 401 INACTIVE 'a disabled token' -H "$bearer" "$url"
    bearer expired
    try 401 EXPIRED 'an expired token' -H "$bearer" "$url"
    bearer future
    try 401 NOT_YET_VALID 'a token that is not yet valid' -H "$bearer" "$url"
    bearer bound
    try 200 ALLOWED 'a token bound to the address 127.0.0.1' \
        -H "$bearer" "$url"
    try 403 ADDRESS_DENIED 'the same from another address' \
        --interface 127.0.0.2 -H "$bearer" "$url"
    bearer except
    try 403 ADDRESS_DENIED 'a token for 127.0.0.0/8 but not 127.0.0.1' \
        -H "$bearer" "$url"
    bearer unknown
    try 401 UNKNOWN 'a token that the authority does not know' \
        -H "$bearer" "$url"
    bearer trouble
    try 503 UNAVAILABLE 'a token that the authority will not verify' \
        -H "$bearer" "$url"
    bearer disabled
    try 200 INACTIVE 'a disabled token where it is a dry run' \
        -H "$bearer" "${url}dry-run/"
}


print_other() {
    echo
    echo "a token of $endpoint:"
    echo "  $curl -H \"Authorization: Bearer \$TOKEN\"" \
        "http://127.0.0.1:$port/"
}


main() {
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM

    if [ -n "$endpoint" ]; then
        if [ -z "${AUTH_TOKEN_CREDENTIAL:-}" ]; then
            die 'AUTH_TOKEN_ENDPOINT needs AUTH_TOKEN_CREDENTIAL'
        fi
        export AUTH_TOKEN_CREDENTIAL
    fi

    if [ -z "${NO_INSTALL:-}" ]; then
        "$top/util/install-deps.sh" demo
    fi

    echo 'building'
    "$top/util/build.sh" > /dev/null

    # short, since the path of a socket has little room
    work=$(mktemp -d /tmp/auth-token-demo.XXXXXX)
    chmod 755 "$work"

    choose_port

    if [ -z "$endpoint" ]; then
        start_authority
        start_nginx
        echo "nginx listens on 127.0.0.1:$port, Ctrl-C ends it; to try:"
        print_demo
    else
        start_nginx
        echo "nginx listens on 127.0.0.1:$port, Ctrl-C ends it; to try:"
        print_other
    fi

    try 401 MISSING 'no token' "http://127.0.0.1:$port/"
    try 400 MALFORMED 'no token that could be one' \
        -H 'Authorization: Bearer not a token' "http://127.0.0.1:$port/"

    printf '\nwhat nginx logs:\n\n'
    wait -n "${pids[@]}" || true
    die 'a server ended of itself'
}


main
