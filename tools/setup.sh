#!/bin/bash
# Installs what is missing to build (and, with "test", to test): the Debian packages of
# debian-packages.txt and the npm packages of package-lock.json. Does nothing, and needs no network,
# when all is there.  tools/setup.sh [build|test]
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-test}

# What is missing, and what somebody who may install it has to type; then the end.
give_up() {
    {
        echo
        echo "Missing from Debian: ${missing[*]}"
        echo "$1 As root, once:"
        echo "    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
        echo "Then run make again, as yourself."
    } >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# A program that came another way than by Debian's package of its name is as good.
is_there() {
    case $1 in
    nodejs) command -v node >/dev/null ;;
    npm | chromium | git | make | gcc | cmake) command -v "$1" >/dev/null ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed' ;;
    esac
}

missing=()
while read -r kind name; do
    if [ "$kind" = build: ] || [ "$want" = test ]; then
        is_there "$name" || missing+=("$name")
    fi
done <tools/debian-packages.txt
if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || give_up "This machine has no apt-get: Debian 12 is what we build on."
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || give_up "You are not root, and there is no sudo here."
    echo "Installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q || give_up "The list of Debian's packages could not be read."
    as_root apt-get install -y -q --no-install-recommends "${missing[@]}" || give_up "They could not be installed."
fi

major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 18 ]; then
    echo "Node 18 or newer is needed; this is $(node --version)" >&2
    exit 1
fi

# The lock is installed once; its hash tells whether it is still what is there.
sum=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.lock-sum 2>/dev/null || true)" != "$sum" ]; then
    npm ci --no-audit --no-fund --loglevel=error || {
        echo >&2
        echo "The npm packages of package-lock.json could not be installed: is there a network, and room?" >&2
        exit 1
    }
    echo "$sum" >node_modules/.lock-sum
fi
