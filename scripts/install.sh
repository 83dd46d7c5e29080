#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what was built for release below $DESTDIR$PREFIX, with the Swift runtime it needs: scripts/install.sh
# Needs no toolchain and builds nothing. RUNTIME_PATH is where programs and plugins look for the runtime, if that is not to be
# relative to themselves; PROGRAM_PATH is where the units look for the broker, if that is not to be relative to the units; BUILT
# is the folder of what was built; MANUAL is a folder with manual pages that were made before.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh
. scripts/installed.sh

prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}$prefix
built=${BUILT:-.build/release}
c_tools=(plugins-c/scram/scram_passwd)
version=$(broker_version)

for file in "$built"/mosquitto "$built"/mosquitto_{ctrl,passwd} "${c_tools[@]}"; do
    if [ ! -x "$file" ]; then
        echo "Nothing to install: $file has not been built. Run make first; that needs no root." >&2
        exit 1
    fi
done
for tool in patchelf strip; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is needed to install: apt-get install patchelf binutils" >&2
        exit 1
    fi
done
# What the compiler has said of itself when it was built.
swift=$(cat "$built"/swift-version-*.txt 2>/dev/null | sed -n 's/.*(\(swift-[^)]*\)).*/\1/p' | head -n 1) || true
begin_list "$root"

# put MODE FILE PATH: copies a file to a path below the root, and notes it.
put() {
    install -D -m "$1" "$2" "$root/$3"
    note "$3"
}

# put_binary MODE FILE PATH RUNPATH: the same without symbols and without the toolchain's path.
put_binary() {
    put "$1" "$2" "$3"
    case $3 in
        *.so | *.so.*)
            strip --strip-unneeded "$root/$3"
            patchelf --set-soname "${3##*/}" "$root/$3"
            ;;
        *) strip "$root/$3" ;;
    esac
    # Programs that bring the runtime along look for nothing of ours.
    if patchelf --print-needed "$root/$3" | grep -qE '^lib(swift|dispatch|BlocksRuntime)'; then
        patchelf --set-rpath "${RUNTIME_PATH:-$4}" "$root/$3"
    else
        patchelf --remove-rpath "$root/$3"
    fi
}

# put_text FILE PATH: a file with the names of places in it.
put_text() {
    local folder='%Y/../../../sbin'
    sed -e "s|@VERSION@|$version|" -e "s|@SWIFT@|$swift|" -e "s|@SBIN@|${PROGRAM_PATH:-$folder}|" \
        -e "s|@DOC@|$prefix/share/doc/mosquitto|" "$1" >"$scratch/text"
    put 644 "$scratch/text" "$2"
}

# put_tree FOLDER PATH [find's tests]: all files of a folder that are part of the project.
put_tree() {
    local from=$1 to=$2 file
    shift 2
    while read -r file; do
        put 644 "$from/$file" "$to/${file#./}"
    done < <(cd "$from" && find . -type f ! -name '.*' ! -path '*/.build/*' "$@" | sort)
}

install_programs() {
    put_binary 755 "$built/mosquitto" sbin/mosquitto '$ORIGIN/../lib/mosquitto'
    local tool
    for tool in "$built"/mosquitto_* "${c_tools[@]}"; do
        case ${tool##*/} in *.*) continue ;; esac
        if [ -f "$tool" ] && [ -x "$tool" ]; then
            put_binary 755 "$tool" "bin/${tool##*/}" '$ORIGIN/../lib/mosquitto'
        fi
    done
}

# The broker has the common library's functions itself; the file is for building against it.
install_plugins() {
    local file name
    for file in "$built"/libmosquitto_*.so; do
        name=${file##*/lib}
        if [ "$name" = mosquitto_common.so ]; then name=libmosquitto_common.so.1; fi
        put_binary 644 "$file" "lib/mosquitto/$name" '$ORIGIN'
    done
}

# The client library for programs in C and C++, where the linker looks; it brings its runtime along.
install_client_library() {
    local name
    for name in libmosquitto libmosquittopp; do
        local file=$built/$name.so.1
        if [ "$name" = libmosquitto ]; then file=$built/libmosquitto-client.so; fi
        if [ ! -f "$file" ]; then continue; fi
        put_binary 644 "$file" "lib/$name.so.1" '$ORIGIN'
        ln -sf "$name.so.1" "$root/lib/$name.so"
        note "lib/$name.so"
        put_text "service/$name.pc.in" "lib/pkgconfig/$name.pc"
    done
}

# The Swift runtime goes beside the plugins.
install_runtime() {
    local library
    for library in $(ldd "$built"/mosquitto "$built"/mosquitto_{ctrl,passwd} "$built"/libmosquitto_*.so |
        awk '$3 ~ /\/lib\/swift\/linux\// { print $3 }' | sort -u); do
        put_binary 644 "$library" "lib/mosquitto/${library##*/}" '$ORIGIN'
    done
    if [ ! -e "$root/lib/mosquitto/libswiftCore.so" ]; then
        echo "The Swift runtime that $built was built with is not there any more: build again." >&2
        exit 1
    fi
}

# Headers stand in a folder of their own: the client library's package has files of the same names. The two names that belong
# to plugins alone are outside as well, and lead there.
install_headers() {
    put_tree include include/mosquitto-plugin -name '*.h'
    put 644 Sources/Tools/CControlModule/ControlModule.h include/mosquitto-plugin/ControlModule.h
    local name
    for name in mosquitto_broker mosquitto_plugin; do
        put 644 "service/include/$name.h" "include/$name.h"
    done
    put_text service/mosquitto.pc.in lib/pkgconfig/mosquitto.pc
}

install_documents() {
    local doc=share/doc/mosquitto file
    for file in README.md CHANGELOG.md LICENSE; do put 644 "$file" "$doc/$file"; done
    put_tree docs "$doc/docs" -name '*.md' ! -path './man/*'
    put_tree examples "$doc/examples"
    put_tree plugins-c "$doc/plugins-c" ! -name '*.so' ! -name '*.o' ! -name '*_passwd' ! -name '*.pyc'
    if [ -d share ]; then put_tree share share/mosquitto; fi
}

# What scripts/man.sh makes: man1, man5, man7, man8 and completions.
install_manual() {
    if [ ! -x scripts/man.sh ]; then return; fi
    if [ ! -d "${MANUAL:-$scratch/manual}" ]; then
        if ! command -v pandoc >/dev/null; then
            echo "Without pandoc there are no manual pages: apt-get install pandoc" >&2
            return
        fi
        scripts/man.sh "$scratch/manual" "$built"
    fi
    local manual=${MANUAL:-$scratch/manual} section
    for section in "$manual"/man[1-9]; do
        if [ -d "$section" ]; then put_tree "$section" "share/man/${section##*/}"; fi
    done
    local shells="$manual/completions"
    if [ -d "$shells/bash" ]; then put_tree "$shells/bash" share/bash-completion/completions; fi
    if [ -d "$shells/zsh" ]; then put_tree "$shells/zsh" share/zsh/vendor-completions; fi
    if [ -d "$shells/fish" ]; then put_tree "$shells/fish" share/fish/vendor_completions.d; fi
}

install_service() {
    put_text service/mosquitto.service.in lib/systemd/system/mosquitto.service
    put_text service/mosquitto@.service.in lib/systemd/system/mosquitto@.service
    put 644 service/sysusers.conf lib/sysusers.d/mosquitto.conf
    put 644 service/tmpfiles.conf lib/tmpfiles.d/mosquitto.conf
    put 755 service/unit-for-configuration lib/mosquitto/unit-for-configuration
    put 644 service/logrotate "share/doc/mosquitto/examples/logrotate"
}

install_programs
install_plugins
install_client_library
install_runtime
install_headers
install_documents
install_manual
install_service
end_list
echo "Installed mosquitto $version below $root"
