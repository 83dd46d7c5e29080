/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a handle of the library. */
#ifndef MOSQUITTO_LIBMOSQUITTO_CREATE_DELETE_H
#define MOSQUITTO_LIBMOSQUITTO_CREATE_DELETE_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a handle: a client of a server that is not connected yet.
   id is the client identifier; NULL, which needs clean_session, leaves it to the server (MQTT 3.1:
   the library makes one). With clean_session the server keeps nothing of the client between
   connections. obj is given to the callbacks and stays the caller's.
   Returns a handle for mosquitto_destroy() with errno unchanged, or NULL: errno is EINVAL for an
   empty id, or none without clean_session, and ENOMEM when memory is short.
   [any thread] */
libmosq_EXPORT struct mosquitto *mosquitto_new(const char *id, bool clean_session, void *obj);

/* Ends the loop thread, closes the connection without a DISCONNECT packet (so that the server
   publishes the will), and frees the handle. Messages that are not out are lost. NULL is allowed.
   [any thread] */
libmosq_EXPORT void mosquitto_destroy(struct mosquitto *mosq);

/* Makes a handle as new: what mosquitto_destroy() does, then what mosquitto_new() does, in the
   same place. Returns 0, MOSQ_ERR_INVAL or MOSQ_ERR_MALFORMED_UTF8.
   [any thread] */
libmosq_EXPORT int mosquitto_reinitialise(
    struct mosquitto *mosq, const char *id, bool clean_session, void *obj);

#ifdef __cplusplus
}
#endif

#endif
