/* SPDX-License-Identifier: Apache-2.0 */
/* The events a plugin can be told about, and the data of each. */
#ifndef MOSQUITTO_BROKER_EVENT_H
#define MOSQUITTO_BROKER_EVENT_H

#include <time.h>

#include "broker_plugin.h"
#include "broker_record.h"
#include "defs.h"

/* Event numbers. 2.0 knows 1 to 10; the rest came with 2.1. */
enum mosquitto_plugin_event {
    MOSQ_EVT_RELOAD = 1,
    MOSQ_EVT_ACL_CHECK = 2,
    MOSQ_EVT_BASIC_AUTH = 3,
    MOSQ_EVT_EXT_AUTH_START = 4,
    MOSQ_EVT_EXT_AUTH_CONTINUE = 5,
    MOSQ_EVT_CONTROL = 6,
    MOSQ_EVT_MESSAGE = 7,
    MOSQ_EVT_MESSAGE_IN = 7,
    MOSQ_EVT_PSK_KEY = 8,
    MOSQ_EVT_TICK = 9,
    MOSQ_EVT_DISCONNECT = 10,
    MOSQ_EVT_CONNECT = 11,
    MOSQ_EVT_SUBSCRIBE = 12,
    MOSQ_EVT_UNSUBSCRIBE = 13,
    MOSQ_EVT_PERSIST_RESTORE = 14,
    MOSQ_EVT_PERSIST_BASE_MSG_ADD = 15,
    MOSQ_EVT_PERSIST_BASE_MSG_DELETE = 16,
    MOSQ_EVT_PERSIST_RETAIN_MSG_SET = 17,
    MOSQ_EVT_PERSIST_RETAIN_MSG_DELETE = 18,
    MOSQ_EVT_PERSIST_CLIENT_ADD = 19,
    MOSQ_EVT_PERSIST_CLIENT_DELETE = 20,
    MOSQ_EVT_PERSIST_CLIENT_UPDATE = 21,
    MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD = 22,
    MOSQ_EVT_PERSIST_SUBSCRIPTION_DELETE = 23,
    MOSQ_EVT_PERSIST_CLIENT_MSG_ADD = 24,
    MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE = 25,
    MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE = 26,
    MOSQ_EVT_MESSAGE_OUT = 27,
    MOSQ_EVT_CLIENT_OFFLINE = 28,
    MOSQ_EVT_PERSIST_WILL_ADD = 29,
    MOSQ_EVT_PERSIST_WILL_DELETE = 30
};

/* Each struct, and every pointer in it, belongs to the broker and is valid during the callback
   only. Where a callback may replace something, the comment at the field says so. The fields
   named future and padding are zero and must be left alone. */

/* MOSQ_EVT_RELOAD: the configuration is being read again. */
struct mosquitto_evt_reload {
    void *future;
    struct mosquitto_opt *options;
    int option_count;
    void *future2[4];
};

/* MOSQ_EVT_ACL_CHECK: may the client do this? access is one MOSQ_ACL_* bit; payload and
   properties are NULL for subscriptions. */
struct mosquitto_evt_acl_check {
    void *future;
    struct mosquitto *client;
    const char *topic;
    const void *payload;
    mosquitto_property *properties;
    int access;
    uint32_t payloadlen;
    uint8_t qos;
    bool retain;
    void *future2[4];
};

/* MOSQ_EVT_BASIC_AUTH: is this user name and password right? Either may be NULL. */
struct mosquitto_evt_basic_auth {
    void *future;
    struct mosquitto *client;
    char *username;
    char *password;
    void *future2[4];
};

/* MOSQ_EVT_PSK_KEY: the callback writes the key of identity to key, as hexadecimal digits and a
   NUL byte; max_key_len digits have room. */
struct mosquitto_evt_psk_key {
    void *future;
    struct mosquitto *client;
    const char *hint;
    const char *identity;
    char *key;
    int max_key_len;
    void *future2[4];
};

/* MOSQ_EVT_EXT_AUTH_START and _CONTINUE. The callback may set data_out to memory from the malloc
   family, which then belongs to the broker, and data_out_len to its size. */
struct mosquitto_evt_extended_auth {
    void *future;
    struct mosquitto *client;
    const void *data_in;
    void *data_out;
    uint16_t data_in_len;
    uint16_t data_out_len;
    const char *auth_method;
    void *future2[3];
};

/* MOSQ_EVT_CONTROL: a message to a "$CONTROL/" topic the plugin registered. The callback may set
   reason_string to memory from the malloc family, which then belongs to the broker. */
struct mosquitto_evt_control {
    void *future;
    struct mosquitto *client;
    const char *topic;
    const void *payload;
    const mosquitto_property *properties;
    char *reason_string;
    uint32_t payloadlen;
    uint8_t qos;
    uint8_t reason_code;
    bool retain;
    uint8_t padding;
    void *future2[4];
};

/* MOSQ_EVT_MESSAGE_IN (from client) and MOSQ_EVT_MESSAGE_OUT (to client). The callback may
   replace topic, payload (with payloadlen) and properties by memory from the malloc family, which
   then belongs to the broker; it must not free the old ones. A new payloadlen counts only with a
   new payload. It may change retain, and in MESSAGE_OUT qos. Behind the payload stands a NUL. */
struct mosquitto_evt_message {
    void *future;
    struct mosquitto *client;
    char *topic;
    void *payload;
    mosquitto_property *properties;
    char *reason_string;
    uint32_t payloadlen;
    uint8_t qos;
    uint8_t reason_code;
    bool retain;
    uint8_t padding;
    void *future2[4];
};

/* MOSQ_EVT_TICK. now_s and now_ns are the wall clock; the callback stores in next_s and next_ms
   how long it does not want to be called again. 2.0 called the field next_ns and ignored it. */
struct mosquitto_evt_tick {
    void *future;
    long now_ns;
    long next_ms;
    time_t now_s;
    time_t next_s;
    void *future2[4];
};

/* MOSQ_EVT_CONNECT: the client has been accepted. */
struct mosquitto_evt_connect {
    void *future;
    struct mosquitto *client;
    void *future2[4];
};

/* MOSQ_EVT_DISCONNECT: client and session are gone; reason is a MOSQ_ERR_* value. */
struct mosquitto_evt_disconnect {
    void *future;
    struct mosquitto *client;
    int reason;
    void *future2[4];
};

/* MOSQ_EVT_CLIENT_OFFLINE: the connection is gone, the session stays. */
struct mosquitto_evt_client_offline {
    void *future;
    struct mosquitto *client;
    int reason;
    void *future2[4];
};

/* MOSQ_EVT_SUBSCRIBE: one filter, already allowed. data.clientid is NULL. The callback may
   replace data.topic_filter by memory from the malloc family and change data.options. */
struct mosquitto_evt_subscribe {
    void *future;
    struct mosquitto *client;
    struct mosquitto_subscription data;
    void *future2[8];
};

/* MOSQ_EVT_UNSUBSCRIBE: as above; only data.topic_filter may be replaced. */
struct mosquitto_evt_unsubscribe {
    void *future;
    struct mosquitto *client;
    struct mosquitto_subscription data;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_RESTORE: now is the time to add what was stored. */
struct mosquitto_evt_persist_restore {
    void *future[8];
};

/* MOSQ_EVT_PERSIST_CLIENT_ADD, _UPDATE; _DELETE fills clientid only. */
struct mosquitto_evt_persist_client {
    void *future;
    struct mosquitto_client data;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD; _DELETE fills clientid and topic_filter only. */
struct mosquitto_evt_persist_subscription {
    void *future;
    struct mosquitto_subscription data;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_CLIENT_MSG_ADD, _DELETE, _UPDATE. */
struct mosquitto_evt_persist_client_msg {
    void *future;
    struct mosquitto_client_msg data;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_BASE_MSG_ADD; _DELETE fills store_id only. */
struct mosquitto_evt_persist_base_msg {
    void *future;
    struct mosquitto_base_msg data;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_RETAIN_MSG_SET; _DELETE fills topic only. */
struct mosquitto_evt_persist_retain_msg {
    void *future;
    const char *topic;
    uint64_t store_id;
    void *future2[8];
};

/* MOSQ_EVT_PERSIST_WILL_ADD; _DELETE fills clientid only and is delivered with the number of
   _ADD, so a callback serving both tells them apart by topic being NULL. */
struct mosquitto_evt_persist_will_msg {
    void *future;
    struct mosquitto_will_msg data;
    void *future2[8];
};

#endif
