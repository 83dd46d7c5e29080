/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing messages. */
#ifndef MOSQUITTO_LIBMOSQUITTO_PUBLISH_H
#define MOSQUITTO_LIBMOSQUITTO_PUBLISH_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Publishes payloadlen bytes at payload (at most 268435455; payload NULL: none) to a topic.
   *mid, unless mid is NULL, becomes the packet identifier, which the publish callback tells again.
   Topic and payload are copied.
   Without a connection a message with QoS 1 or 2 is kept and sent when there is one, though
   MOSQ_ERR_NO_CONN is returned; one with QoS 0 is dropped.
   Returns 0 when the message is sent or queued, MOSQ_ERR_NO_CONN, MOSQ_ERR_PAYLOAD_SIZE,
   MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_QOS_NOT_SUPPORTED or MOSQ_ERR_OVERSIZE_PACKET for what the
   server does not take, MOSQ_ERR_QUOTA_EXCEEDED where as much waits as MOSQ_OPT_QUEUED_MAXIMUM and
   MOSQ_OPT_QUEUED_BYTES_MAXIMUM allow, MOSQ_ERR_CONN_LOST, MOSQ_ERR_ERRNO or MOSQ_ERR_TLS when writing fails.
   [any thread] */
libmosq_EXPORT int mosquitto_publish(
    struct mosquitto *mosq,
    int *mid,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain);

/* As mosquitto_publish(), with properties, which are copied. topic may be NULL with a topic alias.
   Also returns MOSQ_ERR_NOT_SUPPORTED (properties, but not MQTT 5.0), and MOSQ_ERR_PROTOCOL or
   MOSQ_ERR_DUPLICATE_PROPERTY for properties that a PUBLISH may not have.
   [any thread] */
libmosq_EXPORT int mosquitto_publish_v5(
    struct mosquitto *mosq,
    int *mid,
    const char *topic,
    int payloadlen,
    const void *payload,
    int qos,
    bool retain,
    const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
