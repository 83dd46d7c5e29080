/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribing to topic filters. */
#ifndef MOSQUITTO_LIBMOSQUITTO_SUBSCRIBE_H
#define MOSQUITTO_LIBMOSQUITTO_SUBSCRIBE_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A subscription needs a connection, and is not made again by the library when the server has lost
   the session: programs subscribe in the connect callback. *mid, unless mid is NULL, becomes the
   packet identifier, which the subscribe callback tells again. Filters are copied.
   All return 0, MOSQ_ERR_NO_CONN, MOSQ_ERR_INVAL for a malformed filter, MOSQ_ERR_MALFORMED_UTF8,
   MOSQ_ERR_OVERSIZE_PACKET for what the server does not take, MOSQ_ERR_CONN_LOST,
   MOSQ_ERR_ERRNO or MOSQ_ERR_TLS when writing fails. */

/* Subscribes to one filter with at most qos (0 to 2).
   [any thread] */
libmosq_EXPORT int mosquitto_subscribe(struct mosquitto *mosq, int *mid, const char *sub, int qos);

/* As mosquitto_subscribe(), with MQTT_SUB_OPT_* options, which have no meaning before MQTT 5.0, and
   properties, which are copied. Also returns MOSQ_ERR_NOT_SUPPORTED (properties, but not MQTT
   5.0), and MOSQ_ERR_PROTOCOL or MOSQ_ERR_DUPLICATE_PROPERTY for what a SUBSCRIBE may not have.
   [any thread] */
libmosq_EXPORT int mosquitto_subscribe_v5(
    struct mosquitto *mosq,
    int *mid,
    const char *sub,
    int qos,
    int options,
    const mosquitto_property *properties);

/* As mosquitto_subscribe_v5(), for sub_count filters (1 or more) in one packet, all with the same
   qos and options.
   [any thread] */
libmosq_EXPORT int mosquitto_subscribe_multiple(
    struct mosquitto *mosq,
    int *mid,
    int sub_count,
    char *const *const sub,
    int qos,
    int options,
    const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
