/* SPDX-License-Identifier: Apache-2.0 */
/* What tape.c writes down of each persistence event of a message, and replay.c does again. */
#ifndef TAPE_H
#define TAPE_H

#include <stdint.h>

enum tape_kind {
    TAPE_MESSAGE_ADD,
    TAPE_MESSAGE_DELETE,
    TAPE_DELIVERY_ADD,
    TAPE_DELIVERY_UPDATE,
    TAPE_DELIVERY_DELETE,
};

#define TAPE_KINDS 5
#define TAPE_TEXTS 4
#define TAPE_NUMBERS 10
#define TAPE_NULL UINT32_MAX

/* The values that are bound, and how long the texts are that follow: topic, payload, source and its name; or the client. */
struct tape_step {
    uint32_t kind;
    uint32_t lengths[TAPE_TEXTS];
    int64_t numbers[TAPE_NUMBERS];
};

#endif
