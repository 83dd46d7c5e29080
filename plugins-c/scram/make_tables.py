#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the code point ranges SASLprep (RFC 4013) needs, from Python's own tables.

    make_tables.py > prepare_tables.h
    make_tables.py --swift > ../../Sources/Plugins/Scram/PreparationTables.swift
"""
import stringprep
import sys
import textwrap
import unicodedata


def is_unstable(c):
    """Whether normalisation form KC, on Unicode 3.2, changes the character by itself."""
    return unicodedata.ucd_3_2_0.normalize("NFKC", c) != c


def is_prohibited(c):
    tests = (
        stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
        stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7,
        stringprep.in_table_c8, stringprep.in_table_c9,
    )
    return any(test(c) for test in tests)


TABLES = (
    ("removed", "Mapped to nothing (table B.1).", stringprep.in_table_b1),
    ("spaces", "Mapped to a blank (table C.1.2).", stringprep.in_table_c12),
    ("prohibited", "Not allowed at all (tables C.2 to C.9).", is_prohibited),
    ("unassigned", "Not allowed in what is stored (table A.1).", stringprep.in_table_a1),
    ("unstable", "Changed by normalisation, so not in what has been prepared.", is_unstable),
    ("right_to_left", "Read from right to left (table D.1).", stringprep.in_table_d1),
    ("left_to_right", "Read from left to right (table D.2).", stringprep.in_table_d2),
)


def ranges(test):
    found = []
    for code in range(0x110000):
        if not test(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def print_swift():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Code point ranges in hexadecimal, first and last; made by make_tables.py, not to be edited.")
    print("\n/// The tables of stringprep (RFC 3454), as Unicode 3.2 has them.\nenum PreparationTables {")
    for number, (name, comment, test) in enumerate(TABLES):
        words = [f"{a:X}" if a == b else f"{a:X}-{b:X}" for a, b in ranges(test)]
        parts = name.split("_")
        camel = parts[0] + "".join(part.capitalize() for part in parts[1:])
        print(("\n" if number else "") + f'    /// {comment}\n    static let {camel} = CodePointSet(\n        """')
        for line in textwrap.wrap(" ".join(words), 92, break_on_hyphens=False):
            print(f"        {line}")
        print('        """\n    )')
    print("}")


def main():
    if sys.argv[1:] == ["--swift"]:
        print_swift()
        return
    print("/* SPDX-License-Identifier: Apache-2.0 */")
    print("/* Code point ranges, first and last; made by make_tables.py, not to be edited. */")
    for name, comment, test in TABLES:
        print(f"\n/* {comment} */\nstatic const struct range {name}[] = {{")
        items = [f"{{0x{first:X}, 0x{last:X}}}," for first, last in ranges(test)]
        line = "   "
        for item in items:
            if len(line) + 1 + len(item) > 100:
                print(line)
                line = "   "
            line += " " + item
        print(line + "\n};")


if __name__ == "__main__":
    main()
