#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tries the Debian packages in a fresh root: over Debian's mosquitto, back to that, purged, alone: scripts/test-package.sh
# Takes the packages of scripts/package.sh from the folder that the first argument names, .build/packages without it. ROOT_TAR
# is a file that keeps the root as it was made, for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

packages=$(cd "${1:-.build/packages}" && pwd)
skip() {
    echo "SKIPPED: $*"
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "a root of its own can only be made by root"
command -v apt-get >/dev/null || skip "there is no apt-get here"
ls "$packages"/mosquitto_*.deb >/dev/null 2>&1 || {
    echo "No packages in $packages: run scripts/package.sh first." >&2
    exit 1
}
require_packages mmdebstrap iproute2 util-linux
unshare --net --mount --pid --fork true 2>/dev/null || skip "namespaces of its own are not allowed here"

folder=$(mktemp -d)
root=$folder/root
cleanup() {
    umount "$root/proc" 2>/dev/null || true
    rm -rf --one-file-system "$folder"
}
trap cleanup EXIT

echo "== A fresh root with Debian's mosquitto"
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
archive=${ROOT_TAR:-$folder/root.tar}
if [ ! -e "$archive" ] && ! mmdebstrap --variant=minbase --quiet \
    --include=mosquitto,mosquitto-clients,mosquitto-dev,libmosquitto-dev,logrotate,procps \
    --essential-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"; chmod +x "$1/usr/sbin/policy-rc.d"' \
    "$codename" "$archive" >"$folder/log" 2>&1; then
    tail -n 5 "$folder/log"
    skip "no root can be made here: is the archive within reach?"
fi
mkdir "$root"
tar -xpf "$archive" -C "$root"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$packages"/{,lib}mosquitto*.deb scripts/test-package-inside.sh "$root/root"

# in_root WORDS: a step that may reach the archive.
in_root() {
    chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" </dev/null
}

# alone STEP: a step of test-package-inside.sh, with a network of its own, whose processes end with it.
alone() {
    echo "== $2"
    unshare --net --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -c 'ip link set lo up; exec "$@"' sh \
        chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        bash /root/test-package-inside.sh "$1" </dev/null
}

# Nothing may be asked: at a question dpkg would find the end of its input.
install_ours() {
    in_root sh -c 'apt-get -q -y --no-install-recommends install /root/mosquitto*.deb' >"$folder/log" 2>&1 || {
        cat "$folder/log"
        exit 1
    }
}

in_root apt-get -q update >/dev/null
debian=$(in_root dpkg-query -W -f '${Version}' mosquitto)
go_back() {
    in_root apt-get -q -y --allow-downgrades install "mosquitto=$debian" "mosquitto-dev=$debian" >"$folder/log" 2>&1 || {
        cat "$folder/log"
        exit 1
    }
}

alone prepare "Debian's mosquitto $debian makes a configuration with a bridge, sessions and retained messages"
install_ours
alone over "Ours has taken its place, started by hand"
alone confined "Ours as the user of the unit"
go_back
alone back "Debian's again"
install_ours
in_root apt-get -q -y purge mosquitto mosquitto-dev >"$folder/log" 2>&1
alone purged "Ours purged"
install_ours
alone fresh "Ours alone"
go_back
alone gone "Debian's after ours alone"
in_root sh -c 'apt-get -q -y --no-install-recommends install /root/*.deb' >"$folder/log" 2>&1 || {
    cat "$folder/log"
    exit 1
}
alone library "Debian's clients on our client library"
triplet=$(cd "$root/usr/lib" && echo *-linux-gnu)
echo "== Programs built with what our packages have"
built() {
    local compiler=$1 library=$2
    shift 2
    "$compiler" "$@" -Wall -Wextra -Werror -I"$root/usr/include" -o "$root/root/program" \
        -L"$root/usr/lib/$triplet" "-l$library" -lmosquitto -Wl,--allow-shlib-undefined -lssl -lcrypto -lpthread
    in_root /root/program 127.0.0.1 1883 >/dev/null
}
built cc mosquitto -std=gnu11 Tests/ClientLibraryTests/Programs/topics.c
printf '%s\n' '#include <mosquittopp.h>' 'int main() { mosqpp::mosquittopp client("c++"); return client.socket() == -1 ? 0 : 1; }' \
    >"$folder/program.cpp"
built c++ mosquittopp -std=c++11 "$folder/program.cpp"
in_root apt-get -q -y purge libmosquittopp1 libmosquittopp-dev >"$folder/log" 2>&1
in_root apt-get -q -y --allow-downgrades install "mosquitto=$debian" "mosquitto-clients=$debian" "mosquitto-dev=$debian" \
    "libmosquitto1=$debian" "libmosquitto-dev=$debian" >"$folder/log" 2>&1 || {
    cat "$folder/log"
    exit 1
}
alone gone "All of Debian's again"
echo "passed"
