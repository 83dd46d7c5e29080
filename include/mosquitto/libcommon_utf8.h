/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as MQTT allows it. */
#ifndef MOSQUITTO_LIBCOMMON_UTF8_H
#define MOSQUITTO_LIBCOMMON_UTF8_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks len bytes: well-formed UTF-8 without control characters, surrogates and non-characters.
   str is only read. Returns 0, MOSQ_ERR_MALFORMED_UTF8, or MOSQ_ERR_INVAL for NULL, a negative
   length or one above 65536.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_validate_utf8(const char *str, int len);

#ifdef __cplusplus
}
#endif

#endif
