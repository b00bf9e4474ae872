#!/bin/bash
# Makes the Debian package of a build that is there: packaging/make_deb.sh [--build release] [--version V] [--out FOLDER]
# Needs dpkg-dev and binutils of Debian, no network, no rights of root. Prints the path of the package.
set -euo pipefail
cd "$(dirname "$0")/.."
build=release
version=$(sed -nE 's/^project\(consilium VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
out=build
while [ $# -gt 0 ]; do
    case $1 in
    --build) build=$2 ;;
    --version) version=$2 ;;
    --out) out=$2 ;;
    *)
        echo "make_deb.sh: $1 is not known" >&2
        exit 2
        ;;
    esac
    shift 2
done
program=build/$build/src/app/consilium
[ -x "$program" ] || {
    echo "make_deb.sh: no $program: make $build" >&2
    exit 1
}
umask 022
architecture=$(dpkg --print-architecture)
# The same source makes the same bytes: times are those of the last commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
from=packaging/debian

put() { # MODE FILE FOLDER [NAME]
    install -D -m "$1" "$2" "$root/$3/${4:-$(basename "$2")}"
}

put 755 "$program" usr/bin
strip --strip-unneeded --remove-section=.comment "$root/usr/bin/consilium"
(cd content && find . -type f) | sort | while read -r f; do
    put 644 "content/$f" "usr/share/consilium/content/$(dirname "$f")"
done
put 640 "$from/consilium.conf" etc/consilium
for unit in "$from"/*.service "$from"/*.timer; do
    put 644 "$unit" lib/systemd/system
done
doc=usr/share/doc/consilium
for f in README.md doc/INSTALL.md doc/BACKUP.md doc/LIVE.md doc/VERIFY.md; do
    put 644 "$f" "$doc"
done
put 755 packaging/examples/certbot-deploy "$doc/examples"
put 644 packaging/examples/nginx.conf "$doc/examples"
put 644 packaging/examples/haproxy.cfg "$doc/examples"
put 644 "$from/copyright" "$doc"
mkdir -p "$root/usr/share/man/man8"
gzip -9n <"$from/consilium.8" >"$root/usr/share/man/man8/consilium.8.gz"
{
    echo "consilium ($version) stable; urgency=medium"
    echo
    echo "  * What changed stands in the history of the project."
    echo
    echo " -- Consilium <consilium@localhost>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$root/$doc/changelog.gz"

# dpkg-shlibdeps wants a source package around it.
mkdir -p "$work/debian" "$root/DEBIAN"
sed -n '/^Package:/,$p' "$from/control.in" | sed "1i Source: consilium\n" >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O --warnings=1 -e root/usr/bin/consilium | sed -n 's/^shlibs:Depends=//p')
[ -n "$libraries" ] || {
    echo "make_deb.sh: dpkg-shlibdeps found no libraries" >&2
    exit 1
}
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s|@VERSION@|$version|; s|@ARCHITECTURE@|$architecture|; s|@SIZE@|$size|; s|@LIBRARIES@|$libraries|" \
    "$from/control.in" >"$root/DEBIAN/control"
echo /etc/consilium/consilium.conf >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 755 "$from/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
package=$out/consilium_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz -z6 --build "$root" "$package" >/dev/null
echo "$package"
