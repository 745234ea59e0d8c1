# What the scripts here need of apt beyond installing: which mirrors this
# machine uses, and a look into another suite of the same mirrors without
# touching the machine's own sources.  Sourced, never run; names no host.

# runs a command as root: as it is, or through sudo
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo > /dev/null 2>&1; then
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else
        echo "$0: \"$1\" needs root: run this as root or install sudo" >&2
        return 1
    fi
}


# the base URIs of the Debian archives in this machine's apt sources, one a
# line, the main archive first: apt reads both formats of its sources itself
apt_mirrors() {
    apt-get indextargets --format '$(COMPONENT) $(LABEL) $(REPO_URI)' \
        'Created-By: Packages' \
        | awk '$1 == "main" { rank = 1
               if ($2 == "Debian") rank = 0
               if ($NF ~ /security/) rank = 2
               print rank, $NF }' \
        | sort -u -k1,1 -k2 | awk '!seen[$2]++ { print $2 }'
}


# the option of a line of sources.list that names Debian's archive keys
apt_keyring_option() {
    local key
    for key in /usr/share/keyrings/debian-archive-keyring.gpg \
               /usr/share/keyrings/debian-archive-keyring.pgp
    do
        if [ -s "$key" ]; then
            echo " [signed-by=$key]"
            return
        fi
    done
}


apt_private_dirs() {
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/none"
    chmod 755 "$1"
}


# apt_private DIR SUITE: makes DIR a private apt world of SUITE, read from
# the machine's own mirrors and verified by its own archive keys.  Then
# "apt-get $(apt_private_options DIR) ..." asks that suite only.
apt_private() {
    local dir=$1 suite=$2 uri

    apt_private_dirs "$dir"

    for uri in $(apt_mirrors); do
        echo "deb$(apt_keyring_option) $uri $suite main" > "$dir/sources.list"
        if apt-get -qq $(apt_private_options "$dir") \
            -o APT::Update::Error-Mode=any update > "$dir/log" 2>&1
        then
            return 0
        fi
    done

    return 1
}


# hooks of the machine (desktop caches and the like) stay out of it
apt_private_options() {
    printf '%s ' "-o Dir::Etc::sourcelist=$1/sources.list" \
        "-o Dir::Etc::sourceparts=$1/none" \
        "-o Dir::Etc::preferencesparts=$1/none" \
        "-o Dir::Etc::preferences=$1/none/preferences" \
        "-o Dir::State::lists=$1/lists" \
        "-o Dir::Cache=$1/cache" \
        "-o Acquire::Languages=none" \
        "-o APT::Update::Post-Invoke-Success::=true" \
        "-o APT::Sandbox::User=root"
}
