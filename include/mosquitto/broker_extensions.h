/* SPDX-License-Identifier: Apache-2.0 */
/* What this broker offers beyond the original. Absent there: look it up with dlsym(). */
#ifndef MOSQUITTO_BROKER_EXTENSIONS_H
#define MOSQUITTO_BROKER_EXTENSIONS_H

#include "mosquitto/broker_plugin.h"
#include "mosquitto/defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Answers a step of extended authentication which a callback for MOSQ_EVT_EXT_AUTH_START or
   _CONTINUE left open with MOSQ_ERR_AUTH_DELAYED. result is what that callback would have
   returned: MOSQ_ERR_SUCCESS, MOSQ_ERR_AUTH_CONTINUE for a further step, or a refusal.
   data_out_len bytes at data_out go to the client as authentication data; they and clientid are
   copied. Returns 0, MOSQ_ERR_INVAL for a NULL clientid or a length without data, or
   MOSQ_ERR_NOT_FOUND when no such client is waiting.

   A plugin that shall also load into a broker without this function finds it with
   dlsym(RTLD_DEFAULT, "mosquitto_complete_extended_auth") and answers at once if it is NULL.
   [any thread] */
mosq_EXPORT int mosquitto_complete_extended_auth(
    const char *clientid, int result, const void *data_out, uint16_t data_out_len);

/* An entry point a plugin may export. When it returns other than 0, the plugin allows the broker
   to call its callbacks on any broker thread, several at a time; without it they are called on
   one thread, one after the other. Initialisation and cleanup are always alone. The original
   broker never looks for it. Called once, before mosquitto_plugin_init().
   [main] */
mosq_plugin_EXPORT int mosquitto_plugin_thread_safe(void);

#ifdef __cplusplus
}
#endif

#endif
