/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribing in one call, without a handle of one's own. */
#ifndef MOSQUITTO_LIBMOSQUITTO_HELPERS_H
#define MOSQUITTO_LIBMOSQUITTO_HELPERS_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The will of these functions; payload has payloadlen bytes. */
struct libmosquitto_will {
    char *topic;
    void *payload;
    int payloadlen;
    int qos;
    bool retain;
};

/* User name and password. Declared for programs; no function uses it. */
struct libmosquitto_auth {
    char *username;
    char *password;
};

/* The TLS settings of these functions: the arguments of mosquitto_tls_set() and
   mosquitto_tls_opts_set(). */
struct libmosquitto_tls {
    char *cafile;
    char *capath;
    char *certfile;
    char *keyfile;
    char *ciphers;
    char *tls_version;
    int (*pw_callback)(char *buf, int size, int rwflag, void *userdata);
    int cert_reqs;
};

/* Connects, subscribes to the filter topic, waits for msg_count messages (at least 1) and
   disconnects. Retained messages count only when want_retained is set. client_id, username,
   password, will and tls may be NULL; the rest is as for mosquitto_new() and mosquitto_connect().
   *messages becomes an array of msg_count messages owned by the caller, who gives each to
   mosquitto_message_free_contents() and the array to free(); NULL on failure.
   Returns 0 or what one of the steps returned.
   [any thread] */
libmosq_EXPORT int mosquitto_subscribe_simple(
    struct mosquitto_message **messages,
    int msg_count,
    bool want_retained,
    const char *topic,
    int qos,
    const char *host,
    int port,
    const char *client_id,
    int keepalive,
    bool clean_session,
    const char *username,
    const char *password,
    const struct libmosquitto_will *will,
    const struct libmosquitto_tls *tls);

/* Connects, subscribes to the filter topic and hands each message to callback, with userdata as
   its second argument, until that returns something other than 0; then disconnects. The messages
   belong to the library. Returns 0 or what one of the steps returned.
   [any thread] */
libmosq_EXPORT int mosquitto_subscribe_callback(
    int (*callback)(struct mosquitto *, void *, const struct mosquitto_message *),
    void *userdata,
    const char *topic,
    int qos,
    const char *host,
    int port,
    const char *client_id,
    int keepalive,
    bool clean_session,
    const char *username,
    const char *password,
    const struct libmosquitto_will *will,
    const struct libmosquitto_tls *tls);

#ifdef __cplusplus
}
#endif

#endif
