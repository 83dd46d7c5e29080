/* SPDX-License-Identifier: Apache-2.0 */
/* Ending subscriptions. */
#ifndef MOSQUITTO_LIBMOSQUITTO_UNSUBSCRIBE_H
#define MOSQUITTO_LIBMOSQUITTO_UNSUBSCRIBE_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* *mid, unless mid is NULL, becomes the packet identifier, which the unsubscribe callback tells
   again. Results are those of mosquitto_subscribe() and its relatives. */

/* Ends the subscription to one filter.
   [any thread] */
libmosq_EXPORT int mosquitto_unsubscribe(struct mosquitto *mosq, int *mid, const char *sub);

/* As mosquitto_unsubscribe(), with properties, which are copied.
   [any thread] */
libmosq_EXPORT int mosquitto_unsubscribe_v5(
    struct mosquitto *mosq, int *mid, const char *sub, const mosquitto_property *properties);

/* As mosquitto_unsubscribe_v5(), for sub_count filters (1 or more) in one packet.
   [any thread] */
libmosq_EXPORT int mosquitto_unsubscribe_multiple(
    struct mosquitto *mosq,
    int *mid,
    int sub_count,
    char *const *const sub,
    const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
