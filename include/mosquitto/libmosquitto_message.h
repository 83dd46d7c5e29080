/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that outlive a callback. */
#ifndef MOSQUITTO_LIBMOSQUITTO_MESSAGE_H
#define MOSQUITTO_LIBMOSQUITTO_MESSAGE_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Copies a message: what dst holds becomes the caller's, for mosquitto_message_free_contents().
   Returns 0, MOSQ_ERR_INVAL for NULL, or MOSQ_ERR_NOMEM.
   [any thread] */
libmosq_EXPORT int mosquitto_message_copy(
    struct mosquitto_message *dst, const struct mosquitto_message *src);

/* Frees a message that was allocated with malloc(), and what it holds; NULL is allowed. *message
   points nowhere afterwards.
   [any thread] */
libmosq_EXPORT void mosquitto_message_free(struct mosquitto_message **message);

/* Frees what a message holds, not the message; NULL is allowed.
   [any thread] */
libmosq_EXPORT void mosquitto_message_free_contents(struct mosquitto_message *message);

#ifdef __cplusplus
}
#endif

#endif
