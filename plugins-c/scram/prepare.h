/* SPDX-License-Identifier: Apache-2.0 */
/* Names and passwords in the one form in which they may be compared (SASLprep, RFC 4013). */
#ifndef SCRAM_PREPARE_H
#define SCRAM_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

/* What a text is for: stored texts must not hold code points that Unicode 3.2 does not know. */
enum prepare_purpose { PREPARE_QUERY, PREPARE_STORED };

/* Prepares `length` bytes of UTF-8: characters without meaning go, odd blanks become blanks, and
   what is prohibited is refused. A character that normalisation would change is refused too: the
   peer has to prepare its text before it sends it. `out` gets at most `length` bytes and a NUL.
   Returns false for refused, malformed and empty texts. */
bool prepare(const char *text, size_t length, enum prepare_purpose purpose, char *out);

#endif
