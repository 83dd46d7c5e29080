/* SPDX-License-Identifier: Apache-2.0 */
/* A message to oneself, for programs which are about how they connect. */
#ifndef ROUND_TRIP_H
#define ROUND_TRIP_H

#include "program.h"

static const char *round_trip_topic;

static inline void round_trip_connected(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    printf("connected: %d\n", rc);
    if (rc != 0) {
        DO(mosquitto_disconnect(client));
    } else {
        DO(mosquitto_subscribe(client, NULL, round_trip_topic, 1));
    }
}

static inline void round_trip_subscribed(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    (void)data, (void)mid, (void)qos_count, (void)granted_qos;
    DO(mosquitto_publish(client, NULL, round_trip_topic, 5, "there", 1, false));
}

static inline void round_trip_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)data;
    printf("got %s\n", (const char *)message->payload);
    DO(mosquitto_disconnect(client));
}

/* Connects the handle, which is set up, sends a message to itself and disconnects. */
static inline void round_trip(struct mosquitto *client, const char *topic)
{
    round_trip_topic = topic;
    mosquitto_connect_callback_set(client, round_trip_connected);
    mosquitto_subscribe_callback_set(client, round_trip_subscribed);
    mosquitto_message_callback_set(client, round_trip_message);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
}

#endif
