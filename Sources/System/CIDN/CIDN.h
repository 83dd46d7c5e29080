/* SPDX-License-Identifier: Apache-2.0 */
/* SASLprep with libidn. */
#ifndef CIDN_H
#define CIDN_H
#include <stringprep.h>

/* The profile is an array of unknown length, which Swift does not import. */
static inline int cidn_saslprep(char *text, size_t size, int is_stored)
{
    return stringprep(
        text, size, is_stored ? STRINGPREP_NO_UNASSIGNED : (Stringprep_profile_flags)0,
        stringprep_saslprep);
}
#endif
