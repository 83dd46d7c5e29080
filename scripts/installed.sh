# SPDX-License-Identifier: Apache-2.0
# Sourced by other scripts: the list of what was installed, so that only that is removed again.

# Where the list is, below the root. Its lines are paths below the root.
installed_list=lib/mosquitto/installed-files

# Prints the version that the broker says it is.
broker_version() {
    sed -n 's/.*static let \(major\|minor\|revision\): Int32 = \([0-9]*\)/\2/p' \
        Sources/Broker/Config/BrokerVersion.swift | paste -sd.
}

# Begins the list of what is installed below a root.
begin_list() {
    list_root=$1
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    : >"$scratch/new"
}

# Adds a path below the root to the list.
note() {
    printf '%s\n' "$1" >>"$scratch/new"
}

# Removes what an earlier installation has put there and this one has not, and keeps the list.
end_list() {
    note "$installed_list"
    sort -u -o "$scratch/new" "$scratch/new"
    if [ -f "$list_root/$installed_list" ]; then
        sort -u "$list_root/$installed_list" | comm -23 - "$scratch/new" | remove_paths "$list_root"
    fi
    install -D -m 644 "$scratch/new" "$list_root/$installed_list"
}

# Removes the paths on standard input from below a root, and folders that are empty then.
remove_paths() {
    local root=$1 path
    while IFS= read -r path; do
        case $path in
            '' | /* | ../* | */../* | */..) continue ;;
        esac
        rm -f "$root/$path"
        path=$(dirname "$path")
        while [ "$path" != . ] && rmdir "$root/$path" 2>/dev/null; do path=$(dirname "$path"); done
    done
}
