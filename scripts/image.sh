#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a container image of what was built: scripts/image.sh [folder for it, .build/image]
# The folder gets `root`, the image's files, and `mosquitto.tar`, an OCI archive. IMAGE is the image's name.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh
. scripts/installed.sh

require_packages "${install_packages[@]}" buildah
image=${IMAGE:-localhost/mosquitto:$(broker_version)}
mkdir -p "${1:-.build/image}"
folder=$(cd "${1:-.build/image}" && pwd)
root=$folder/root
rm -rf "$root" "$folder/mosquitto.tar"

RUNTIME_PATH=/usr/lib/mosquitto PREFIX=/usr DESTDIR=$root scripts/install.sh
# No place for what a container does not use.
rm -rf "$root"/usr/include "$root"/usr/share "$root"/usr/lib/{pkgconfig,systemd,sysusers.d,tmpfiles.d} \
    "$root/usr/lib/mosquitto/installed-files"
if [ -d share ]; then
    mkdir -p "$root/usr/share"
    cp -r share "$root/usr/share/mosquitto"
fi
install -D -m 644 LICENSE "$root/usr/share/doc/mosquitto/LICENSE"

# The system's libraries, and the loader, at the places where programs look for them.
for library in $(find "$root/usr" -type f \( -perm -u+x -o -name '*.so*' \) -exec ldd {} + |
    awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\/.*ld-/ { print $1 }' | grep -v '/lib/swift/\|^/usr/lib/mosquitto/' | sort -u); do
    install -D -m 755 "$(realpath "$library")" "$root$library"
done
# What names of machines are resolved with is not linked, but loaded.
for path in $(/sbin/ldconfig -p | awk '$1 ~ /^lib(nss_dns|nss_files|resolv)\.so\.2$/ { print $NF }'); do
    if [ ! -e "$root$path" ]; then install -D -m 755 "$(realpath "$path")" "$root$path"; fi
done

install -d "$root"/{etc,tmp,run,mosquitto/{config,data,log}}
chmod 1777 "$root/tmp"
printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'mosquitto:x:1883:1883:MQTT broker:/mosquitto:/sbin/nologin' \
    'nobody:x:65534:65534:nobody:/:/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'mosquitto:x:1883:' 'nogroup:x:65534:' >"$root/etc/group"
printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' >"$root/etc/nsswitch.conf"
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
fi
# The places that users of other images of Mosquitto know.
for plugin in "$root"/usr/lib/mosquitto/mosquitto_*.so; do
    ln -s "mosquitto/${plugin##*/}" "$root/usr/lib/${plugin##*/}"
done
install -m 644 service/image/mosquitto.conf "$root/mosquitto/config/mosquitto.conf"
install -m 644 service/image/mosquitto-no-auth.conf "$root/mosquitto-no-auth.conf"
chown -R 1883:1883 "$root/mosquitto" 2>/dev/null || true
du -sh "$root"

# A storage of its own, which needs no set-up of the machine.
tool=(buildah --storage-driver vfs --root "$folder/storage" --runroot "$folder/run")
container=$("${tool[@]}" from scratch)
trap '"${tool[@]}" rm "$container" >/dev/null 2>&1 || true; rm -rf "$folder/storage" "$folder/run"' EXIT
"${tool[@]}" copy --quiet --chown 0:0 "$container" "$root" / >/dev/null
"${tool[@]}" copy --quiet --chown 1883:1883 "$container" "$root/mosquitto" /mosquitto >/dev/null
"${tool[@]}" config --cmd '["/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"]' \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    --volume /mosquitto/data --volume /mosquitto/log --port 1883/tcp --stop-signal SIGTERM \
    --label org.opencontainers.image.title='mosquitto in Swift' \
    --label org.opencontainers.image.licenses=Apache-2.0 \
    --label org.opencontainers.image.version="$(broker_version)" "$container"
"${tool[@]}" commit --quiet --disable-compression=false "$container" "oci-archive:$folder/mosquitto.tar:$image" >/dev/null
ls -l "$folder/mosquitto.tar"
