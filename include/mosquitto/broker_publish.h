/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing and subscribing from within the broker. */
#ifndef MOSQUITTO_BROKER_PUBLISH_H
#define MOSQUITTO_BROKER_PUBLISH_H

#include "broker_record.h"
#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The original broker allows all functions of this header on its main thread only. */

/* Publishes a message: to all subscribers when clientid is NULL, else to that client alone,
   subscribed or not. It is sent after the call, never within it; a client gets what one thread
   publishes in the order of the calls. topic and clientid are copied.
   When the result is 0, the broker owns payload (payloadlen bytes from the malloc family) and
   properties; otherwise the caller still does. Returns 0, MOSQ_ERR_NOMEM, or MOSQ_ERR_INVAL for
   a NULL topic, a negative length, a NULL payload with a length, or a bad qos.
   [any thread] */
mosq_EXPORT int mosquitto_broker_publish(
    const char *clientid,
    const char *topic,
    int payloadlen,
    void *payload,
    int qos,
    bool retain,
    mosquitto_property *properties);

/* As mosquitto_broker_publish(), but the payload is copied and stays the caller's. The broker
   owns properties when the result is 0.
   [any thread] */
mosq_EXPORT int mosquitto_broker_publish_copy(
    const char *clientid,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain,
    mosquitto_property *properties);

/* Subscribes a client, connected or not; everything in sub is copied. Returns 0 (or
   MOSQ_ERR_SUB_EXISTS, no failure), MOSQ_ERR_INVAL for NULL or empty strings, MOSQ_ERR_NOT_FOUND
   for an unknown client, or MOSQ_ERR_NOMEM. Not in 2.0.
   [any thread] */
mosq_EXPORT int mosquitto_subscription_add(const struct mosquitto_subscription *sub);

/* Ends a subscription of a client; the strings are only read. Returns 0, MOSQ_ERR_INVAL or
   MOSQ_ERR_NOT_FOUND. Not in 2.0.
   [any thread] */
mosq_EXPORT int mosquitto_subscription_delete(const char *clientid, const char *topic_filter);

/* Gives a client a will, connected or not. As everywhere in this interface, topic is the whole
   one, mount point included. topic and payload are copied; properties belong to the
   broker when the result is 0. Returns 0, MOSQ_ERR_INVAL, MOSQ_ERR_NOT_FOUND, MOSQ_ERR_NOMEM, or
   MOSQ_ERR_NOT_SUPPORTED for properties on a connection that is not MQTT 5.0. Not in 2.0.
   [any thread] */
mosq_EXPORT int mosquitto_client_will_set(
    const char *clientid,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain,
    mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
