/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes. */
#ifndef MOSQUITTO_LIBCOMMON_RANDOM_H
#define MOSQUITTO_LIBCOMMON_RANDOM_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Fills count bytes of the caller's memory with random bytes fit for cryptography.
   Returns 0 or MOSQ_ERR_UNKNOWN.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_getrandom(void *bytes, int count);

#ifdef __cplusplus
}
#endif

#endif
