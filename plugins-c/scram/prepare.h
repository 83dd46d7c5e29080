/* SPDX-License-Identifier: Apache-2.0 */
/* Names and passwords in the one form in which they may be compared (SASLprep, RFC 4013). */
#ifndef SCRAM_PREPARE_H
#define SCRAM_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

/* What a text is for: stored texts must not hold code points that Unicode 3.2 does not know. */
enum prepare_purpose { PREPARE_QUERY, PREPARE_STORED };

/* Prepares `length` bytes of UTF-8 into `size` bytes at `out`, with a NUL: characters without meaning
   go, odd blanks become blanks, the rest is normalised (NFKC), which may make the text longer.
   Returns false for what is prohibited, malformed, empty or too long. */
bool prepare(
    const char *text, size_t length, enum prepare_purpose purpose, char *out, size_t size);

#endif
