#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the manual pages and completions: scripts/man.sh FOLDER [PROGRAMS]
# Pages go to FOLDER/man1, man5, man7 and man8, completions to FOLDER/completions/bash, zsh and fish. PROGRAMS is where the
# built programs are, of the release build unless given. pandoc is needed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/dependencies.sh

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
    echo "usage: scripts/man.sh FOLDER [PROGRAMS]" >&2
    exit 2
fi
if ! command -v pandoc >/dev/null; then
    echo "Manual pages need pandoc: apt-get install pandoc" >&2
    exit 1
fi
folder=$1
if [ $# -eq 2 ]; then
    programs=$2
else
    require_swift
    programs=$(swift build -c release --show-bin-path)
fi
number=$(sed -n 's/.*static let \(major\|minor\|revision\): Int32 = \([0-9]*\)/\2/p' \
    Sources/Broker/Config/BrokerVersion.swift | paste -sd.)
release=$(sed -n 's/.*static let release = "\(.*\)"/\1/p' Sources/Broker/Config/BrokerVersion.swift)
date=$(sed -n "s/^## $release ([0-9.]*), \([0-9-]*\)$/\1/p" CHANGELOG.md)
if [ -z "$number" ] || [ -z "$release" ] || [ -z "$date" ]; then
    echo "No version or release in Sources/Broker/Config/BrokerVersion.swift, or no section for it in CHANGELOG.md" >&2
    exit 1
fi

# What pandoc writes, without the fonts that only some formatters know and the paragraphs behind headings.
without_oddities() {
    awk '
        /^\.\\" Define V font/ { skipping = 1 }
        skipping { if (/^\.TH /) skipping = 0; else next }
        { gsub(/\\f\[VB?I?\]/, "\\f[B]"); gsub(/\\f\[C\]/, "\\f[CR]") }
        /^\.PP$/ && previous ~ /^\.(SH|SS) / { next }
        { print; previous = $0 }'
}

for page in docs/man/*.[1-9].md; do
    name=${page##*/}
    name=${name%.md}
    section=${name##*.}
    mkdir -p "$folder/man$section"
    awk -f scripts/man.awk "$page" |
        pandoc --standalone --from markdown-smart --to man \
            --variable "date=$date" --variable "footer=mosquitto $number $release" |
        without_oddities >"$folder/man$section/$name"
done

for program in mosquitto mosquitto_{ctrl,passwd,signal,db_dump,pub,sub,rr}; do
    for shell in bash zsh fish; do
        case $shell in
            bash) file=$program ;;
            zsh) file=_$program ;;
            fish) file=$program.fish ;;
        esac
        mkdir -p "$folder/completions/$shell"
        "$programs/$program" --completion "$shell" 2>/dev/null >"$folder/completions/$shell/$file"
    done
done
