/* SPDX-License-Identifier: Apache-2.0 */
/* Variadic functions of the plugin interface: each formats into a buffer and passes bytes on. */
#include "CBrokerShims.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "mosquitto.h"

/* Bytes of a log line with its NUL byte; the interface promises that longer ones are cut. */
enum { LOG_LINE_SIZE = 1000 };

_Static_assert(sizeof(struct broker_property) == 48, "layout known to plugins");
_Static_assert(offsetof(struct broker_property, value) == 8, "layout known to plugins");
_Static_assert(offsetof(struct broker_property, name) == 24, "layout known to plugins");
_Static_assert(offsetof(struct broker_property, identifier) == 40, "layout known to plugins");
_Static_assert(offsetof(struct broker_property, property_type) == 44, "layout known to plugins");
_Static_assert(offsetof(struct broker_property, client_generated) == 45, "layout known to plugins");

void (*libcommon_vprintf)(const char *fmt, va_list va) = NULL;

static _Atomic(broker_log_sink) log_sink = NULL;

/* Messages of the common library end with a newline, lines of the log do not. */
static void common_to_log(const char *fmt, va_list va)
{
    char line[LOG_LINE_SIZE];
    int length = vsnprintf(line, sizeof(line), fmt, va);

    if (length > 0) {
        mosquitto_log_printf(MOSQ_LOG_WARNING, "%.*s", (int)strcspn(line, "\n"), line);
    }
}

void broker_log_sink_set(broker_log_sink sink)
{
    atomic_store(&log_sink, sink);
    libcommon_vprintf = sink != NULL ? common_to_log : NULL;
}

int mosquitto_log_vprintf(int level, const char *fmt, va_list va)
{
    char line[LOG_LINE_SIZE];
    broker_log_sink sink = atomic_load(&log_sink);
    int length = vsnprintf(line, sizeof(line), fmt, va);

    if (length < 0) {
        return 0;
    }
    if ((size_t)length >= sizeof(line)) {
        length = (int)sizeof(line) - 1;
    }
    if (sink != NULL) {
        sink(level, line, (size_t)length);
    } else {
        fprintf(stderr, "%s\n", line);
    }
    return 0;
}

void mosquitto_log_printf(int level, const char *fmt, ...)
{
    va_list va;

    va_start(va, fmt);
    mosquitto_log_vprintf(level, fmt, va);
    va_end(va);
}

void libcommon_printf(const char *fmt, ...)
{
    va_list va;

    va_start(va, fmt);
    if (libcommon_vprintf != NULL) {
        libcommon_vprintf(fmt, va);
    } else {
        vfprintf(stderr, fmt, va);
    }
    va_end(va);
}

void broker_common_print(const char *text)
{
    libcommon_printf("%s\n", text);
}
