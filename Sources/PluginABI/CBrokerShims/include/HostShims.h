/* SPDX-License-Identifier: Apache-2.0 */
/* What needs C: places per thread, and how libraries are opened. */
#ifndef BROKER_HOST_SHIMS_H
#define BROKER_HOST_SHIMS_H

#include <stdbool.h>
#include <stdint.h>

/* What a thread keeps of the callback lists, so that it looks at them without a lock. */
struct broker_thread_slot {
    uint64_t number;
    void *object;
    /* Counts the threads that have asked, from 1. */
    uint32_t index;
};

/* The calling thread's own; zero at first. */
struct broker_thread_slot *broker_thread_slot(void);

/* Bytes of a reason with its NUL byte; longer ones are cut. */
enum { BROKER_REASON_SIZE = 256 };

/* Why plugins refuse what they are asked about on a thread, until somebody wants to know. */
struct broker_refusal {
    /* Who has given the reason in text; NULL when nobody has. */
    const void *speaker;
    /* Who has refused; NULL when nobody has. */
    const void *decider;
    /* What that returned, a MOSQ_ERR_*. */
    int code;
    char text[BROKER_REASON_SIZE];
};

/* The calling thread's own; zero at first. */
struct broker_refusal *broker_refusal(void);

/* How the symbols of a library meet those of others. */
enum broker_symbols {
    /* Visible to all; its own names come first, for itself, where that is safe. */
    BROKER_SYMBOLS_OWN_FIRST = 0,
    /* Visible to all, and the first definition of a name counts for all. */
    BROKER_SYMBOLS_GLOBAL = 1,
    /* Visible to itself alone. */
    BROKER_SYMBOLS_LOCAL = 2
};

/* Opens a library with all its symbols resolved; NULL on failure, see dlerror(). */
void *broker_open_library(const char *path, enum broker_symbols symbols);

/* Whether libraries may put their own names first: not where a sanitizer or another allocator has
   put itself in front of the C library, which such libraries would get past. */
bool broker_may_bind_own_first(void);

#endif
