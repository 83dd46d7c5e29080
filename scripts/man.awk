# SPDX-License-Identifier: Apache-2.0
# Makes the text of a manual page: awk -f scripts/man.awk docs/man/PAGE.SECTION.md, from the top of the tree.
#
# A line `<!-- include FILE: NAME, NAME -->` is replaced by the sections of FILE with these names, `*` by all that begin with
# `##`, but for those behind `except`. In what is included headings rise by one, tables become lists, and links their texts,
# so that one text serves page and documentation. An error ends it with status 1.

# Ends with an error.
function fail(text) {
    print FILENAME ":" FNR ": " text >"/dev/stderr"
    status = 1
    exit 1
}

# The text without blanks at both ends.
function trimmed(text) {
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

# Splits a row of a table into `cells`, from 1; `\|` is no border.
function split_row(row, cells,    count, i) {
    gsub(/\\\|/, "\001", row)
    count = split(row, cells, "|")
    for (i = 2; i < count; i++) {
        cells[i - 1] = trimmed(cells[i])
        gsub(/\001/, "|", cells[i - 1])
    }
    return count - 2
}

# The line with the texts of its links in their places.
function without_links(line,    link) {
    while (match(line, /\[[^]]*\]\([^)]*\)/)) {
        link = substr(line, RSTART + 1, RLENGTH - 2)
        sub(/\]\(.*/, "", link)
        line = substr(line, 1, RSTART - 1) link substr(line, RSTART + RLENGTH)
    }
    return line
}

# One row of a table as an entry of a list: the first column, then `Value` after it; then `Meaning` and its like, and what
# the other columns say with their titles.
function print_entry(cells, count,    i, value, text, rest, title, part) {
    for (i = 2; i <= count; i++) {
        part = without_links(cells[i])
        title = titles[i]
        if (part == "" || part == "–") continue
        if (title == "Value" || title == "Arguments") {
            value = " " part
        } else if (title ~ /^(Default|Twice|Reload|Needs)$/) {
            rest = rest (rest == "" ? "" : ", ") tolower(title) ": " part
        } else {
            if (text != "") text = text ". "
            text = text part
        }
    }
    if (text != "" && text !~ /[.:]$/) text = text "."
    if (rest != "") text = text (text == "" ? "" : " ") toupper(substr(rest, 1, 1)) substr(rest, 2) "."
    if (text == "") text = value == "" ? "No arguments." : "Arguments:" value "."
    print cells[1] value "\n"
    print ":   " text "\n"
}

# A line of an included section.
function print_line(line,    count, cells, i) {
    if (line ~ /^\|/) {
        count = split_row(line, cells)
        if (!in_table) {
            for (i = 1; i <= count; i++) titles[i] = cells[i]
            in_table = 1
            print ""
        } else if (line !~ /^\|[-|]+\|$/) {
            print_entry(cells, count)
        }
        return
    }
    in_table = 0
    if (line ~ /^```/) {
        # A fenced block becomes an indented one, whose lines are left alone.
        in_block = !in_block
        print ""
        return
    }
    if (in_block) {
        print "    " line
    } else if (line ~ /^### /) {
        print "## " substr(line, 5)
    } else if (line ~ /^## /) {
        print "# " toupper(substr(line, 4))
    } else {
        print without_links(line)
    }
}

# The sections of a file that `wanted` names.
function include(file, wanted,    line, name, isIn, left, all, excluded, names, i, count) {
    if (wanted ~ /^\*/) {
        all = 1
        sub(/^\*( except )?/, "", wanted)
    }
    count = split(wanted, names, ", ")
    for (i = 1; i <= count; i++) left[names[i]] = 1
    while ((getline line < file) > 0) {
        if (line ~ /^## /) {
            name = substr(line, 4)
            isIn = all ? !(name in left) : name in left
            delete left[name]
        }
        if (isIn && line !~ /^<!--/) print_line(line)
    }
    close(file)
    for (name in left) fail(file " has no section '" name "'")
    in_table = 0
    print ""
}

/^<!-- include .*: .* -->$/ {
    file = $3
    sub(/:$/, "", file)
    wanted = $0
    sub(/^<!-- include [^:]*: /, "", wanted)
    sub(/ -->$/, "", wanted)
    include(file, wanted)
    next
}
/^<!--/ { fail("a comment that is no include") }
{ print }
END { exit status }
