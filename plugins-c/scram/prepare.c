/* SPDX-License-Identifier: Apache-2.0 */
/* SASLprep with libidn. */
#include "prepare.h"

#include <string.h>
#include <stringprep.h>

bool prepare(
    const char *text, size_t length, enum prepare_purpose purpose, char *out, size_t size)
{
    Stringprep_profile_flags flags = purpose == PREPARE_STORED ? STRINGPREP_NO_UNASSIGNED : 0;

    if (length >= size || memchr(text, '\0', length) != NULL) {
        return false;
    }
    memcpy(out, text, length);
    out[length] = '\0';
    return stringprep(out, size, flags, stringprep_saslprep) == STRINGPREP_OK && out[0] != '\0';
}
