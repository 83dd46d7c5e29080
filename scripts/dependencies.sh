# SPDX-License-Identifier: Apache-2.0
# Sourced by other scripts: installs what a build or a test needs and the machine lacks.

# Whoever asks for help gets the script's first lines, and nothing else happens.
for argument in "$@"; do
    if [ "$argument" = --help ]; then
        awk 'NR > 2 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "scripts/${0##*/}"
        exit 0
    fi
done

# What the build links against.
build_packages=(build-essential libssl-dev libcjson-dev libffi-dev libargon2-dev libedit-dev libidn-dev
    libwrap0-dev libsqlite3-dev)
# What the Swift toolchain itself is linked against.
swift_packages=(libcurl4 libncurses6 libsqlite3-0 libxml2)
# What makes manual pages, looks at them, and what completions are tried in.
manual_packages=(pandoc mandoc zsh fish)
# What installing needs besides.
install_packages=(patchelf binutils pandoc)
# What making and trying Debian packages and images takes.
package_packages=(debhelper dpkg-dev fakeroot iproute2 lintian mmdebstrap)
# What the tests run besides: the original broker, its clients and headers, clients in C and Python.
test_packages=(mosquitto mosquitto-clients mosquitto-dev libmosquitto-dev libmosquittopp-dev libpaho-mqtt-dev openssl
    iproute2 python3 python3-venv patchelf pkg-config systemd "${manual_packages[@]}")
# What they run in Python: MQTT clients, and one for SCRAM.
python_packages=(paho-mqtt==2.2.0 aiomqtt==2.5.1 gmqtt==0.8.0 amqtt==0.12.1 mqttools==0.50.0 scramp==1.5.0)

# Prints the packages among the arguments that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || echo "$package"
    done
}

# Installs the packages among the arguments that are missing; explains itself where it cannot.
require_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "No apt-get here; these Debian packages or their like are needed: $*" >&2
        return
    fi
    local missing as_root=()
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please install as root: apt-get install $(echo $missing)" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "Installing: $(echo $missing)"
    # A package that starts a broker of its own would take the port.
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
        apt-get install -y -q --no-install-recommends $missing
}

# Makes sure that a Swift toolchain is there, and that it runs.
require_swift() {
    local directory
    for directory in /opt/swift/usr/bin "$HOME/.local/share/swiftly/bin" /usr/local/swift/usr/bin; do
        command -v swift >/dev/null && break
        [ -x "$directory/swift" ] && PATH=$directory:$PATH
    done
    if ! command -v swift >/dev/null; then
        echo "No Swift toolchain found: install Swift 6.3 or newer from https://www.swift.org/install" >&2
        return 1
    fi
    export PATH
    swift build --version >/dev/null 2>&1 || require_packages "${swift_packages[@]}"
}

# Makes a Python environment with the clients the tests use, and puts it first in PATH.
require_python_clients() {
    local environment=$1 wanted=$1/packages
    if ! echo "${python_packages[*]}" | cmp -s - "$wanted"; then
        python3 -m venv "$environment"
        "$environment/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}"
        echo "${python_packages[*]}" >"$wanted"
    fi
    PATH=$environment/bin:$PATH
    export PATH
}
