#!/bin/bash
# Installs what is missing to build (and, with "test", to test): the Debian packages of
# debian-packages.txt and the npm packages of package-lock.json. Does nothing, and needs no network,
# when all is there.  tools/setup.sh [build|test]
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-test}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "Please run as root: $*" >&2
        return 1
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
    echo "Installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update -q
    as_root apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 18 ]; then
    echo "Node 18 or newer is needed; this is $(node --version)" >&2
    exit 1
fi

# The lock is installed once; its hash tells whether it is still what is there.
sum=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.lock-sum 2>/dev/null || true)" != "$sum" ]; then
    npm ci --no-audit --no-fund --loglevel=error
    echo "$sum" >node_modules/.lock-sum
fi
