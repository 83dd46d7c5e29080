/* SPDX-License-Identifier: Apache-2.0 */
/* The client library: its version, its types and, by the headers it includes, its functions. */
#ifndef MOSQUITTO_LIBMOSQUITTO_H
#define MOSQUITTO_LIBMOSQUITTO_H

#include "defs.h"
#include "libcommon_properties.h"
#include "libcommon_string.h"
#include "libcommon_topic.h"
#include "libcommon_utf8.h"

/* Mark of the functions which the client library exports. */
#ifndef libmosq_EXPORT
#define libmosq_EXPORT
#endif

/* The interface version these headers describe, for conditional compilation. */
#define LIBMOSQUITTO_MAJOR 2
#define LIBMOSQUITTO_MINOR 1
#define LIBMOSQUITTO_REVISION 2
#define LIBMOSQUITTO_VERSION_NUMBER \
    (LIBMOSQUITTO_MAJOR * 1000000 + LIBMOSQUITTO_MINOR * 1000 + LIBMOSQUITTO_REVISION)

#ifdef __cplusplus
extern "C" {
#endif

/* Rules which hold for all functions of the library:

   A handle is a struct mosquitto from mosquitto_new(). Where one is needed and NULL is given,
   nothing happens, and the result is MOSQ_ERR_INVAL, false, NULL, or -1 for a descriptor.
   Strings end with a NUL byte and are UTF-8; they are copied, or only read during the call.
   Functions with a number as result return a MOSQ_ERR_* value; where only some are named,
   MOSQ_ERR_INVAL and MOSQ_ERR_NOMEM are meant as well. After MOSQ_ERR_ERRNO the cause is in errno.
   Any thread may call any function, callbacks included, but a loop is run by one thread at a
   time, and mosquitto_destroy() is the last use of a handle. */

/* Options of a handle. Behind each: the function that sets it and what it accepts. */
enum mosq_opt_t {
    MOSQ_OPT_PROTOCOL_VERSION = 1,      /* int: MQTT_PROTOCOL_V31, _V311 (default) or _V5 */
    MOSQ_OPT_SSL_CTX = 2,               /* void: an SSL_CTX of OpenSSL, or NULL */
    MOSQ_OPT_SSL_CTX_WITH_DEFAULTS = 3, /* int: whether TLS settings change that SSL_CTX; 1 */
    MOSQ_OPT_RECEIVE_MAXIMUM = 4,       /* int: window for what comes, 1 to 65535; 0: 65535; 20 */
    MOSQ_OPT_SEND_MAXIMUM = 5,          /* int: window for what is sent, the same numbers */
    MOSQ_OPT_TLS_KEYFORM = 6,           /* not supported */
    MOSQ_OPT_TLS_ENGINE = 7,            /* not supported */
    MOSQ_OPT_TLS_ENGINE_KPASS_SHA1 = 8, /* not supported */
    MOSQ_OPT_TLS_OCSP_REQUIRED = 9,     /* int: whether the server must staple an OCSP answer */
    MOSQ_OPT_TLS_ALPN = 10,             /* string: protocol name of at most 254 bytes, or NULL */
    MOSQ_OPT_TCP_NODELAY = 11,          /* int: accepted; small packets never wait */
    MOSQ_OPT_BIND_ADDRESS = 12,         /* string: local address to connect from, or NULL */
    MOSQ_OPT_TLS_USE_OS_CERTS = 13,     /* int: whether the system's authorities are trusted */
    MOSQ_OPT_DISABLE_SOCKETPAIR = 14,   /* int: accepted, without meaning */
    MOSQ_OPT_TRANSPORT = 15,            /* int: MOSQ_T_TCP (default) or MOSQ_T_WEBSOCKETS */
    MOSQ_OPT_HTTP_PATH = 16,            /* string: path of the WebSocket, or NULL for "/mqtt" */
    MOSQ_OPT_HTTP_HEADER_SIZE = 17,     /* int: limit of the HTTP answer in bytes, from 100; 4096 */
    /* Of this library alone; others answer MOSQ_ERR_INVAL. */
    MOSQ_OPT_QUEUED_MAXIMUM = 1001,      /* int: messages that may wait; 0 (default): any number */
    MOSQ_OPT_QUEUED_BYTES_MAXIMUM = 1002 /* int: payload bytes that may wait; 0 (default): any */
};

/* A message. payload has payloadlen bytes, and one NUL byte behind them in a message that the
   library made; it is NULL when payloadlen is 0. mid is 0 for QoS 0. */
struct mosquitto_message {
    int mid;
    char *topic;
    void *payload;
    int payloadlen;
    int qos;
    bool retain;
};

/* A message with its properties. Declared for programs; no function uses it. */
struct mosquitto_message_v5 {
    void *payload;
    char *topic;
    mosquitto_property *properties;
    uint32_t payloadlen;
    uint8_t qos;
    bool retain;
    uint8_t padding[2];
};

/* Stores the version of the library, which may differ from that of the headers; each pointer may
   be NULL. Returns it as one number, as LIBMOSQUITTO_VERSION_NUMBER is made.
   [any thread] */
libmosq_EXPORT int mosquitto_lib_version(int *major, int *minor, int *revision);

/* Prepares the library. Programs call it first; nothing depends on that. Returns 0.
   [any thread] */
libmosq_EXPORT int mosquitto_lib_init(void);

/* Counterpart of mosquitto_lib_init(). Handles stay usable. Returns 0.
   [any thread] */
libmosq_EXPORT int mosquitto_lib_cleanup(void);

#ifdef __cplusplus
}
#endif

#include "libmosquitto_auth.h"
#include "libmosquitto_callbacks.h"
#include "libmosquitto_connect.h"
#include "libmosquitto_create_delete.h"
#include "libmosquitto_helpers.h"
#include "libmosquitto_loop.h"
#include "libmosquitto_message.h"
#include "libmosquitto_options.h"
#include "libmosquitto_publish.h"
#include "libmosquitto_socks.h"
#include "libmosquitto_subscribe.h"
#include "libmosquitto_tls.h"
#include "libmosquitto_unsubscribe.h"
#include "libmosquitto_will.h"

#endif
