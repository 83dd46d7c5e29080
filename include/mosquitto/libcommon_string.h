/* SPDX-License-Identifier: Apache-2.0 */
/* Texts for numbers and numbers for texts. */
#ifndef MOSQUITTO_LIBCOMMON_STRING_H
#define MOSQUITTO_LIBCOMMON_STRING_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns a text for a MOSQ_ERR_* value; MOSQ_ERR_ERRNO is described by errno. The text lives
   for ever, the one of errno until the thread asks for another.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_strerror(int mosq_errno);

/* Returns a text for a CONNACK return code of MQTT 3.x. The text lives for ever.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_connack_string(int connack_code);

/* Returns a text for a reason code of MQTT 5.0. The text lives for ever.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_reason_string(int reason_code);

/* Finds the CMD_* number of a packet name such as "publish" (or of "will"), letter case ignored.
   str is only read. Returns 0, or MOSQ_ERR_INVAL with *cmd set to 0.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_string_to_command(const char *str, int *cmd);

#ifdef __cplusplus
}
#endif

#endif
