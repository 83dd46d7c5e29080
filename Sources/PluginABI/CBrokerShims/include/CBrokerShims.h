/* SPDX-License-Identifier: Apache-2.0 */
/* The C that the broker needs because Swift has no variadic functions and no unions. */
#ifndef BROKER_SHIMS_H
#define BROKER_SHIMS_H

#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "HostShims.h"
#include "IsolationShims.h"
#include "SignalShims.h"

/* One property as plugins with a copy of the common library see it in memory (LP64, 48 bytes).
   The union and the two counted strings come from the malloc family. */
struct broker_property {
    struct broker_property *next;
    union {
        uint8_t i8;
        uint16_t i16;
        uint32_t i32;
        struct {
            char *v;
            uint16_t len;
        } bytes;
    } value;
    struct {
        char *v;
        uint16_t len;
    } name;
    int32_t identifier;
    uint8_t property_type;
    bool client_generated;
};

/* Receives one formatted log line: length bytes at text and a NUL byte, valid during the call. */
typedef void (*broker_log_sink)(int level, const char *text, size_t length);

/* Says where lines of mosquitto_log_printf() and, as MOSQ_LOG_WARNING, of libcommon_printf() go
   from now on; NULL means standard error. Any thread. */
void broker_log_sink_set(broker_log_sink sink);

/* Prints one line, given without its newline, through libcommon_printf(). */
void broker_common_print(const char *text);

#endif
