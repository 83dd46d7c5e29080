/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to a server, ending the connection, connecting again. */
#ifndef MOSQUITTO_LIBMOSQUITTO_CONNECT_H
#define MOSQUITTO_LIBMOSQUITTO_CONNECT_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything here that connects returns when the CONNECT packet is with the system, or the attempt
   with the _async functions begun; whether the server accepts is told to the connect callback,
   later, by a loop. An open connection of the handle is replaced, without a DISCONNECT packet.
   host is a name or an address, and with port 0 the path of a Unix socket of at most 107 bytes;
   port goes up to 65535. keepalive is in seconds, 0 (off) or 5 to 65535.
   They return 0, MOSQ_ERR_INVAL, MOSQ_ERR_EAI (host not found), MOSQ_ERR_ERRNO, MOSQ_ERR_TLS,
   or what a proxy refused with: MOSQ_ERR_PROXY, MOSQ_ERR_AUTH, MOSQ_ERR_NO_CONN. After a failure
   host and port are kept, so that mosquitto_reconnect() and loops try again. */

/* Connects.
   [any thread] */
libmosq_EXPORT int mosquitto_connect(
    struct mosquitto *mosq, const char *host, int port, int keepalive);

/* Connects from the local address bind_address, which is kept; NULL: from any.
   [any thread] */
libmosq_EXPORT int mosquitto_connect_bind(
    struct mosquitto *mosq, const char *host, int port, int keepalive, const char *bind_address);

/* As mosquitto_connect_bind(), with properties for this and all further CONNECT packets, which
   are copied. Also returns MOSQ_ERR_NOT_SUPPORTED (not MQTT 5.0) and MOSQ_ERR_PROTOCOL or
   MOSQ_ERR_DUPLICATE_PROPERTY for properties that a CONNECT may not have.
   [any thread] */
libmosq_EXPORT int mosquitto_connect_bind_v5(
    struct mosquitto *mosq,
    const char *host,
    int port,
    int keepalive,
    const char *bind_address,
    const mosquitto_property *properties);

/* Begins to connect and does not wait. A loop goes on with it, and tells of failures.
   [any thread] */
libmosq_EXPORT int mosquitto_connect_async(
    struct mosquitto *mosq, const char *host, int port, int keepalive);

/* As mosquitto_connect_async(), from the local address bind_address.
   [any thread] */
libmosq_EXPORT int mosquitto_connect_bind_async(
    struct mosquitto *mosq, const char *host, int port, int keepalive, const char *bind_address);

/* Would look up the servers of the domain host in the DNS (SRV records).
   Returns MOSQ_ERR_NOT_SUPPORTED.
   [any thread] */
libmosq_EXPORT int mosquitto_connect_srv(
    struct mosquitto *mosq, const char *host, int keepalive, const char *bind_address);

/* Connects again to where the handle was connected last. Allowed in the disconnect callback.
   Messages with QoS 1 and 2 that have not been answered are sent again. Returns
   MOSQ_ERR_INVAL when there has been no connect function before.
   [any thread] */
libmosq_EXPORT int mosquitto_reconnect(struct mosquitto *mosq);

/* As mosquitto_reconnect(), without waiting.
   [any thread] */
libmosq_EXPORT int mosquitto_reconnect_async(struct mosquitto *mosq);

/* Sends DISCONNECT and ends the connection; loops that connect again end, too. Answers of
   messages with QoS 1 and 2 are not waited for. Returns 0, or MOSQ_ERR_NO_CONN.
   [any thread] */
libmosq_EXPORT int mosquitto_disconnect(struct mosquitto *mosq);

/* As mosquitto_disconnect(), with a reason code (0 to 255; 4 has the will published) and
   properties, which are copied. Also returns MOSQ_ERR_NOT_SUPPORTED, MOSQ_ERR_PROTOCOL and
   MOSQ_ERR_DUPLICATE_PROPERTY as mosquitto_connect_bind_v5() does.
   [any thread] */
libmosq_EXPORT int mosquitto_disconnect_v5(
    struct mosquitto *mosq, int reason_code, const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
