/* SPDX-License-Identifier: Apache-2.0 */
/* What the server publishes when the client is lost. */
#ifndef MOSQUITTO_LIBMOSQUITTO_WILL_H
#define MOSQUITTO_LIBMOSQUITTO_WILL_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the will of the next connections, in place of an earlier one: payloadlen bytes (at most
   65535) at payload, to be published to a topic. Topic and payload are copied.
   Returns 0, MOSQ_ERR_INVAL, MOSQ_ERR_PAYLOAD_SIZE or MOSQ_ERR_MALFORMED_UTF8.
   [any thread] */
libmosq_EXPORT int mosquitto_will_set(
    struct mosquitto *mosq,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain);

/* As mosquitto_will_set(), with properties. When 0 is returned the list belongs to the library,
   else it stays the caller's. Also returns MOSQ_ERR_NOT_SUPPORTED (not MQTT 5.0), and
   MOSQ_ERR_PROTOCOL or MOSQ_ERR_DUPLICATE_PROPERTY for properties that a will may not have.
   [any thread] */
libmosq_EXPORT int mosquitto_will_set_v5(
    struct mosquitto *mosq,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain,
    mosquitto_property *properties);

/* Takes the will away. Returns 0.
   [any thread] */
libmosq_EXPORT int mosquitto_will_clear(struct mosquitto *mosq);

#ifdef __cplusplus
}
#endif

#endif
