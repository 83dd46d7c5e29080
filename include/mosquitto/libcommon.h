/* SPDX-License-Identifier: Apache-2.0 */
/* The common library: helpers without any knowledge of a broker, and its diagnostics hook. */
#ifndef MOSQUITTO_LIBCOMMON_H
#define MOSQUITTO_LIBCOMMON_H

#include <stdarg.h>

#include "mosquitto/defs.h"
#include "mosquitto/libcommon_base64.h"
#include "mosquitto/libcommon_cjson.h"
#include "mosquitto/libcommon_file.h"
#include "mosquitto/libcommon_memory.h"
#include "mosquitto/libcommon_password.h"
#include "mosquitto/libcommon_properties.h"
#include "mosquitto/libcommon_random.h"
#include "mosquitto/libcommon_string.h"
#include "mosquitto/libcommon_time.h"
#include "mosquitto/libcommon_topic.h"
#include "mosquitto/libcommon_utf8.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the common library's messages go; NULL (at first) means standard error. The broker
   points it at its log before any other thread runs. */
extern void (*libcommon_vprintf)(const char *fmt, va_list va);

/* Prints a diagnostic message of the common library, formatted as by printf.
   fmt and its arguments are only read during the call.
   [any thread] */
libmosqcommon_EXPORT void libcommon_printf(const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

#ifdef __cplusplus
}
#endif

#endif
