/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 with the standard alphabet and padding. */
#ifndef MOSQUITTO_LIBCOMMON_BASE64_H
#define MOSQUITTO_LIBCOMMON_BASE64_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Encodes len bytes as one line. *encoded becomes a NUL-terminated string which the caller frees
   with mosquitto_free(); it is NULL after a failure. Returns 0 or 1.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_base64_encode(
    const unsigned char *in, size_t in_len, char **encoded);

/* Decodes a NUL-terminated string. *decoded becomes *decoded_len bytes which the caller frees
   with mosquitto_free(); it is NULL after a failure. Returns 0, or 1 for text that is not
   Base64 or decodes to nothing.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_base64_decode(
    const char *in, unsigned char **decoded, unsigned int *decoded_len);

#ifdef __cplusplus
}
#endif

#endif
