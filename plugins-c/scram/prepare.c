/* SPDX-License-Identifier: Apache-2.0 */
/* SASLprep by tables of code point ranges. */
#include "prepare.h"

#include <stdint.h>
#include <string.h>

struct range {
    uint32_t first;
    uint32_t last;
};

#include "prepare_tables.h"

#define IN(code, table) is_in(code, table, sizeof(table) / sizeof(table[0]))

static bool is_in(uint32_t code, const struct range *table, size_t count)
{
    size_t low = 0;

    while (low < count) {
        size_t middle = low + (count - low) / 2;

        if (code < table[middle].first) {
            count = middle;
        } else if (code > table[middle].last) {
            low = middle + 1;
        } else {
            return true;
        }
    }
    return false;
}

/* Reads one code point. Returns the number of bytes it takes, 0 when malformed. */
static size_t read_code(const unsigned char *text, size_t length, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t size;
    size_t i;

    if (text[0] < 0x80) {
        *code = text[0];
        return 1;
    }
    if (text[0] < 0xC2 || text[0] > 0xF4) {
        return 0;
    }
    size = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
    if (length < size) {
        return 0;
    }
    *code = text[0] & (0xFFU >> (size + 1));
    for (i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (text[i] & 0x3FU);
    }
    if (*code < smallest[size] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF)) {
        return 0;
    }
    return size;
}

/* What has been seen of writing directions (RFC 3454 section 6). */
struct directions {
    bool has_left;
    bool has_right;
    bool is_first_right;
    bool is_last_right;
};

static void note_direction(struct directions *seen, uint32_t code, bool is_first)
{
    seen->is_last_right = IN(code, right_to_left);
    seen->has_right |= seen->is_last_right;
    seen->has_left |= IN(code, left_to_right);
    if (is_first) {
        seen->is_first_right = seen->is_last_right;
    }
}

static bool is_consistent(const struct directions *seen)
{
    return !seen->has_right
        || (!seen->has_left && seen->is_first_right && seen->is_last_right);
}

bool prepare(const char *text, size_t length, enum prepare_purpose purpose, char *out)
{
    const unsigned char *bytes = (const unsigned char *)text;
    struct directions seen = {false, false, false, false};
    size_t out_length = 0;
    size_t offset = 0;

    while (offset < length) {
        uint32_t code;
        size_t size = read_code(bytes + offset, length - offset, &code);

        if (size == 0) {
            return false;
        }
        if (IN(code, removed)) {
            offset += size;
            continue;
        }
        if (IN(code, spaces)) {
            code = ' ';
        } else if (
            IN(code, prohibited) || IN(code, unstable)
            || (purpose == PREPARE_STORED && IN(code, unassigned))) {
            return false;
        }
        note_direction(&seen, code, out_length == 0);
        if (code == ' ') {
            out[out_length++] = ' ';
        } else {
            memcpy(out + out_length, text + offset, size);
            out_length += size;
        }
        offset += size;
    }
    out[out_length] = '\0';
    return out_length > 0 && is_consistent(&seen);
}
