/* SPDX-License-Identifier: Apache-2.0 */
/* Types and version macros which plugins share with programs of the client library. */
#ifndef MOSQUITTO_LIBMOSQUITTO_H
#define MOSQUITTO_LIBMOSQUITTO_H

#include "defs.h"

/* The interface version these headers describe, for conditional compilation. */
#define LIBMOSQUITTO_MAJOR 2
#define LIBMOSQUITTO_MINOR 1
#define LIBMOSQUITTO_REVISION 2
#define LIBMOSQUITTO_VERSION_NUMBER \
    (LIBMOSQUITTO_MAJOR * 1000000 + LIBMOSQUITTO_MINOR * 1000 + LIBMOSQUITTO_REVISION)

/* Options of a client handle; named here because plugins written in C++ pass them on. */
enum mosq_opt_t {
    MOSQ_OPT_PROTOCOL_VERSION = 1,
    MOSQ_OPT_SSL_CTX = 2,
    MOSQ_OPT_SSL_CTX_WITH_DEFAULTS = 3,
    MOSQ_OPT_RECEIVE_MAXIMUM = 4,
    MOSQ_OPT_SEND_MAXIMUM = 5,
    MOSQ_OPT_TLS_KEYFORM = 6,
    MOSQ_OPT_TLS_ENGINE = 7,
    MOSQ_OPT_TLS_ENGINE_KPASS_SHA1 = 8,
    MOSQ_OPT_TLS_OCSP_REQUIRED = 9,
    MOSQ_OPT_TLS_ALPN = 10,
    MOSQ_OPT_TCP_NODELAY = 11,
    MOSQ_OPT_BIND_ADDRESS = 12,
    MOSQ_OPT_TLS_USE_OS_CERTS = 13
};

/* A message as a client program receives it; payload has payloadlen bytes. */
struct mosquitto_message {
    int mid;
    char *topic;
    void *payload;
    int payloadlen;
    int qos;
    bool retain;
};

#endif
