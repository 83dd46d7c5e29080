/* SPDX-License-Identifier: Apache-2.0 */
/* What the library tells the program: the types of the callbacks, and setting them. */
#ifndef MOSQUITTO_LIBMOSQUITTO_CALLBACKS_H
#define MOSQUITTO_LIBMOSQUITTO_CALLBACKS_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All callbacks: mosq is the handle, obj its user data, or the handle itself when those are NULL.
   They run on the thread that is in a loop or connect function of the handle, that is the
   library's own one after mosquitto_loop_start(); log lines come on any thread. Pointers are valid
   until the callback returns. The library holds no lock meanwhile: a callback may call every
   function, and set callbacks anew. What it sends leaves when it has returned.
   props is NULL before MQTT 5.0. The form without v5 is called before the one with it. */

/* Before each attempt to connect; may still change credentials, will and TLS settings. */
typedef void (*LIBMOSQ_CB_pre_connect)(struct mosquitto *mosq, void *obj);

/* CONNACK: rc is its return code (MQTT 3.x, for mosquitto_connack_string()) or reason code. */
typedef void (*LIBMOSQ_CB_connect)(struct mosquitto *mosq, void *obj, int rc);

/* CONNACK as well; bit 0 of flags says that the server had the session. */
typedef void (*LIBMOSQ_CB_connect_with_flags)(
    struct mosquitto *mosq, void *obj, int rc, int flags);

/* CONNACK as well, with its properties. */
typedef void (*LIBMOSQ_CB_connect_v5)(
    struct mosquitto *mosq, void *obj, int rc, int flags, const mosquitto_property *props);

/* The connection has ended. rc is 0 when the program wished that, a MOSQ_ERR_* value when it was
   lost, or the reason code of the server's DISCONNECT. */
typedef void (*LIBMOSQ_CB_disconnect)(struct mosquitto *mosq, void *obj, int rc);

/* The connection has ended as well, with the properties of the server's DISCONNECT. */
typedef void (*LIBMOSQ_CB_disconnect_v5)(
    struct mosquitto *mosq, void *obj, int rc, const mosquitto_property *props);

/* The message with packet identifier mid is out: QoS 0 when the system has taken its last byte,
   QoS 1 at PUBACK, QoS 2 at PUBCOMP, both also when the server refused it. */
typedef void (*LIBMOSQ_CB_publish)(struct mosquitto *mosq, void *obj, int mid);

/* A message is out as well, with the server's reason code and properties. */
typedef void (*LIBMOSQ_CB_publish_v5)(
    struct mosquitto *mosq, void *obj, int mid, int reason_code, const mosquitto_property *props);

/* A message has come: once for each with QoS 2. It belongs to the library. */
typedef void (*LIBMOSQ_CB_message)(
    struct mosquitto *mosq, void *obj, const struct mosquitto_message *message);

/* A message has come as well, with its properties. */
typedef void (*LIBMOSQ_CB_message_v5)(
    struct mosquitto *mosq,
    void *obj,
    const struct mosquitto_message *message,
    const mosquitto_property *props);

/* SUBACK for the request mid: granted_qos has qos_count codes in the order of the filters, each
   the QoS granted or, from 128 on, why not. */
typedef void (*LIBMOSQ_CB_subscribe)(
    struct mosquitto *mosq, void *obj, int mid, int qos_count, const int *granted_qos);

/* SUBACK as well, with its properties. */
typedef void (*LIBMOSQ_CB_subscribe_v5)(
    struct mosquitto *mosq,
    void *obj,
    int mid,
    int qos_count,
    const int *granted_qos,
    const mosquitto_property *props);

/* UNSUBACK for the request mid. */
typedef void (*LIBMOSQ_CB_unsubscribe)(struct mosquitto *mosq, void *obj, int mid);

/* UNSUBACK as well, with its properties. */
typedef void (*LIBMOSQ_CB_unsubscribe_v5)(
    struct mosquitto *mosq, void *obj, int mid, const mosquitto_property *props);

/* UNSUBACK as well, with reason_code_count codes in the order of the filters; before MQTT 5.0
   there are none, and reason_codes is NULL. */
typedef void (*LIBMOSQ_CB_unsubscribe2_v5)(
    struct mosquitto *mosq,
    void *obj,
    int mid,
    int reason_code_count,
    const int *reason_codes,
    const mosquitto_property *props);

/* The server asks for a step of extended authentication: auth_data_len bytes at auth_data. The
   callback answers with mosquitto_ext_auth_continue() and returns 0; anything else ends the
   connection with that result. */
typedef int (*LIBMOSQ_CB_ext_auth)(
    struct mosquitto *mosq,
    void *obj,
    const char *auth_method,
    uint16_t auth_data_len,
    const void *auth_data,
    const mosquitto_property *props);

/* A line of the library's log: level is one of MOSQ_LOG_*, str has no newline. */
typedef void (*LIBMOSQ_CB_log)(struct mosquitto *mosq, void *obj, int level, const char *str);

/* ---- Setting: NULL takes the callback away. */

/* Sets what is called before each attempt to connect.
   [any thread] */
libmosq_EXPORT void mosquitto_pre_connect_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_pre_connect on_pre_connect);

/* Sets what is called at CONNACK.
   [any thread] */
libmosq_EXPORT void mosquitto_connect_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_connect on_connect);

/* Sets what is called at CONNACK, with its flags.
   [any thread] */
libmosq_EXPORT void mosquitto_connect_with_flags_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_connect_with_flags on_connect);

/* Sets what is called at CONNACK, with its flags and properties.
   [any thread] */
libmosq_EXPORT void mosquitto_connect_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_connect_v5 on_connect);

/* Sets what is called when a connection has ended.
   [any thread] */
libmosq_EXPORT void mosquitto_disconnect_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_disconnect on_disconnect);

/* Sets what is called when a connection has ended, with properties.
   [any thread] */
libmosq_EXPORT void mosquitto_disconnect_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_disconnect_v5 on_disconnect);

/* Sets what is called when a message is out.
   [any thread] */
libmosq_EXPORT void mosquitto_publish_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_publish on_publish);

/* Sets what is called when a message is out, with reason code and properties.
   [any thread] */
libmosq_EXPORT void mosquitto_publish_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_publish_v5 on_publish);

/* Sets what is called for each message that comes.
   [any thread] */
libmosq_EXPORT void mosquitto_message_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_message on_message);

/* Sets what is called for each message that comes, with properties.
   [any thread] */
libmosq_EXPORT void mosquitto_message_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_message_v5 on_message);

/* Sets what is called at SUBACK.
   [any thread] */
libmosq_EXPORT void mosquitto_subscribe_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_subscribe on_subscribe);

/* Sets what is called at SUBACK, with properties.
   [any thread] */
libmosq_EXPORT void mosquitto_subscribe_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_subscribe_v5 on_subscribe);

/* Sets what is called at UNSUBACK.
   [any thread] */
libmosq_EXPORT void mosquitto_unsubscribe_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_unsubscribe on_unsubscribe);

/* Sets what is called at UNSUBACK, with properties.
   [any thread] */
libmosq_EXPORT void mosquitto_unsubscribe_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_unsubscribe_v5 on_unsubscribe);

/* Sets what is called at UNSUBACK, with reason codes and properties.
   [any thread] */
libmosq_EXPORT void mosquitto_unsubscribe2_v5_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_unsubscribe2_v5 on_unsubscribe);

/* Sets what is called for a step of extended authentication; without it the step fails.
   [any thread] */
libmosq_EXPORT void mosquitto_ext_auth_callback_set(
    struct mosquitto *mosq, LIBMOSQ_CB_ext_auth on_ext_auth);

/* Sets what is called for each line of the log.
   [any thread] */
libmosq_EXPORT void mosquitto_log_callback_set(struct mosquitto *mosq, LIBMOSQ_CB_log on_log);

#ifdef __cplusplus
}
#endif

#endif
