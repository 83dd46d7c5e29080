/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of a handle, most of them for the next connection. */
#ifndef MOSQUITTO_LIBMOSQUITTO_OPTIONS_H
#define MOSQUITTO_LIBMOSQUITTO_OPTIONS_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Options by number: see enum mosq_opt_t for who takes which. Returns 0, MOSQ_ERR_INVAL for
   another value, or an option that is set by another function, or MOSQ_ERR_NOT_SUPPORTED. */

/* The old form: value points to an int for MOSQ_OPT_PROTOCOL_VERSION, and is the SSL_CTX for
   MOSQ_OPT_SSL_CTX; there are no others.
   [any thread] */
libmosq_EXPORT int mosquitto_opts_set(struct mosquitto *mosq, enum mosq_opt_t option, void *value);

/* Sets an option that is a number.
   [any thread] */
libmosq_EXPORT int mosquitto_int_option(struct mosquitto *mosq, enum mosq_opt_t option, int value);

/* Sets an option that is a string.
   [any thread] */
libmosq_EXPORT int mosquitto_string_option(
    struct mosquitto *mosq, enum mosq_opt_t option, const char *value);

/* Sets an option that is a pointer. Of an SSL_CTX the library takes a reference of its own.
   [any thread] */
libmosq_EXPORT int mosquitto_void_option(
    struct mosquitto *mosq, enum mosq_opt_t option, void *value);

/* ---- Settings with functions of their own. */

/* Sets the pause before connecting again, in seconds: reconnect_delay (0 counts as 1) at first,
   then two, three, … times as long, or four, nine, … times with exponential backoff, at most
   reconnect_delay_max. Without this call: 1 second each time. Returns 0.
   [any thread] */
libmosq_EXPORT int mosquitto_reconnect_delay_set(
    struct mosquitto *mosq,
    unsigned int reconnect_delay,
    unsigned int reconnect_delay_max,
    bool reconnect_exponential_backoff);

/* Sets how many messages with QoS 1 and 2 are sent before answers come: up to 65535, which 0 stands
   for as well. The same as MOSQ_OPT_SEND_MAXIMUM. Returns 0 or MOSQ_ERR_INVAL.
   [any thread] */
libmosq_EXPORT int mosquitto_max_inflight_messages_set(
    struct mosquitto *mosq, unsigned int max_inflight_messages);

/* Does nothing: messages are sent again after reconnecting only.
   [any thread] */
libmosq_EXPORT void mosquitto_message_retry_set(
    struct mosquitto *mosq, unsigned int message_retry);

/* Sets what the callbacks get as obj; it stays the caller's.
   [any thread] */
libmosq_EXPORT void mosquitto_user_data_set(struct mosquitto *mosq, void *obj);

/* Returns what mosquitto_new(), mosquitto_reinitialise() or mosquitto_user_data_set() was given;
   the handle itself when that was NULL.
   [any thread] */
libmosq_EXPORT void *mosquitto_userdata(struct mosquitto *mosq);

#ifdef __cplusplus
}
#endif

#endif
