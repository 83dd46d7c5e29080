/* SPDX-License-Identifier: Apache-2.0 */
/* The common library: helpers without any knowledge of a broker, and its diagnostics hook. */
#ifndef MOSQUITTO_LIBCOMMON_H
#define MOSQUITTO_LIBCOMMON_H

#include <stdarg.h>

#include "defs.h"
#include "libcommon_base64.h"
#include "libcommon_cjson.h"
#include "libcommon_file.h"
#include "libcommon_memory.h"
#include "libcommon_password.h"
#include "libcommon_properties.h"
#include "libcommon_random.h"
#include "libcommon_string.h"
#include "libcommon_time.h"
#include "libcommon_topic.h"
#include "libcommon_utf8.h"

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
