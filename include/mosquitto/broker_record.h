/* SPDX-License-Identifier: Apache-2.0 */
/* Records of clients, subscriptions and messages, in events and in the functions for them. */
#ifndef MOSQUITTO_BROKER_RECORD_H
#define MOSQUITTO_BROKER_RECORD_H

#include <time.h>

#include "defs.h"

/* In an event everything belongs to the broker and is valid during the callback only. For a
   function call see the function. Times are seconds since 1970, 0 for never; intervals are
   seconds. The fields named future and padding are zero. */

/* Direction of a message on its way, seen from the broker. */
enum mosquitto_broker_msg_direction {
    mosq_bmd_in = 0,
    mosq_bmd_out = 1,
    mosq_bmd_all = 2
};

/* A client with its session. */
struct mosquitto_client {
    char *clientid;
    char *username;
    char *auth_method;
    time_t will_delay_time;
    time_t session_expiry_time;
    uint32_t will_delay_interval;
    uint32_t session_expiry_interval;
    uint32_t max_packet_size;
    uint16_t listener_port;
    uint8_t max_qos;
    bool retain_available;
    void *future2[8];
};

/* A subscription. options: QoS in the two low bits, MQTT_SUB_OPT_* above. */
struct mosquitto_subscription {
    char *clientid;
    char *topic_filter;
    mosquitto_property *properties;
    uint32_t identifier;
    uint8_t options;
    uint8_t padding[3];
    void *future2[8];
};

/* A message as stored once for all its receivers. */
struct mosquitto_base_msg {
    uint64_t store_id;
    int64_t expiry_time;
    char *topic;
    void *payload;
    char *source_id;
    char *source_username;
    mosquitto_property *properties;
    uint32_t payloadlen;
    uint16_t source_mid;
    uint16_t source_port;
    uint8_t qos;
    bool retain;
    uint8_t padding[6];
    void *future2[8];
};

/* The way of one base message to or from one client. */
struct mosquitto_client_msg {
    const char *clientid;
    uint64_t cmsg_id;
    uint64_t store_id;
    uint32_t subscription_identifier;
    uint16_t mid;
    uint8_t qos;
    bool retain;
    uint8_t dup;
    uint8_t direction;
    uint8_t state;
    uint8_t padding[5];
    void *future2[8];
};

/* A will message waiting for its client to vanish. */
struct mosquitto_will_msg {
    const char *clientid;
    void *payload;
    char *topic;
    mosquitto_property *properties;
    uint32_t payloadlen;
    uint8_t qos;
    bool retain;
};

#endif
