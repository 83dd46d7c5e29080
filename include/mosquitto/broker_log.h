/* SPDX-License-Identifier: Apache-2.0 */
/* Writing to the broker's log. */
#ifndef MOSQUITTO_BROKER_LOG_H
#define MOSQUITTO_BROKER_LOG_H

#include <stdarg.h>

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Logs one line, formatted as by printf; level is one MOSQ_LOG_* bit. fmt and its arguments are
   only read during the call. A line is cut after 1000 bytes, its time stamp included. The
   original broker allows this on its main thread only.
   [any thread] */
mosq_EXPORT void mosquitto_log_printf(int level, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* As mosquitto_log_printf() with the arguments in a list, which is used up. Returns 0. 2.1
   exports it without declaring it, 2.0 does not have it.
   [any thread] */
mosq_EXPORT int mosquitto_log_vprintf(int level, const char *fmt, va_list va)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 0)))
#endif
    ;

#ifdef __cplusplus
}
#endif

#endif
