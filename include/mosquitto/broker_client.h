/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at the broker's clients, changing and disconnecting them. */
#ifndef MOSQUITTO_BROKER_CLIENT_H
#define MOSQUITTO_BROKER_CLIENT_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What carries a client's bytes, as mosquitto_client_protocol() gives it. */
enum mosquitto_protocol {
    mp_mqtt = 0,
    mp_mqttsn = 1,
    mp_websockets = 2,
    mp_http_api = 3
};

/* The original broker allows all functions of this header on its main thread only; a plugin that
   must run there too keeps to it. A client handle belongs to the broker. */

/* Finds a client by its identifier, connected or not. Returns NULL when clientid is NULL, empty
   or unknown. The handle is valid until the callback that asked returns. Not in 2.0.
   [any thread] */
mosq_EXPORT struct mosquitto *mosquitto_client(const char *clientid);

/* Returns the address of the peer as text, or NULL; borrowed, valid as long as the handle.
   [any thread] */
mosq_EXPORT const char *mosquitto_client_address(const struct mosquitto *client);

/* Returns the port of the listener the client came through; 0 without one. Not in 2.0.
   [any thread] */
mosq_EXPORT int mosquitto_client_port(const struct mosquitto *client);

/* Returns whether the client asked for a clean session (3.x) or a clean start (5.0); true for
   NULL.
   [any thread] */
mosq_EXPORT bool mosquitto_client_clean_session(const struct mosquitto *client);

/* Returns the client identifier, or NULL; borrowed, valid as long as the handle.
   [any thread] */
mosq_EXPORT const char *mosquitto_client_id(const struct mosquitto *client);

/* Returns a number made from the client identifier, equal for equal identifiers while the broker
   runs; 0 for NULL or a client that is not in the broker's table. Not in 2.0.
   [any thread] */
mosq_EXPORT unsigned int mosquitto_client_id_hashv(const struct mosquitto *client);

/* Returns the keep alive time in seconds; -1 for NULL.
   [any thread] */
mosq_EXPORT int mosquitto_client_keepalive(const struct mosquitto *client);

/* Returns the client's TLS certificate as an OpenSSL X509 with a reference of its own, which the
   caller gives up with X509_free(); NULL without one.
   [any thread] */
mosq_EXPORT void *mosquitto_client_certificate(const struct mosquitto *client);

/* Returns an enum mosquitto_protocol; mp_mqtt for NULL.
   [any thread] */
mosq_EXPORT int mosquitto_client_protocol(const struct mosquitto *client);

/* Returns 3, 4 or 5 (MQTT_PROTOCOL_*); 0 when not known.
   [any thread] */
mosq_EXPORT int mosquitto_client_protocol_version(const struct mosquitto *client);

/* Returns the number of subscriptions the client has.
   [any thread] */
mosq_EXPORT int mosquitto_client_sub_count(const struct mosquitto *client);

/* Returns the user name, or NULL; borrowed, valid as long as the handle and until the name is
   set anew.
   [any thread] */
mosq_EXPORT const char *mosquitto_client_username(const struct mosquitto *client);

/* Gives the client a user name, which is copied; NULL takes it away. Meant for authentication
   callbacks. Returns 0, MOSQ_ERR_INVAL for a NULL client, MOSQ_ERR_MALFORMED_UTF8, or
   MOSQ_ERR_NOMEM.
   [during a callback] */
mosq_EXPORT int mosquitto_set_username(struct mosquitto *client, const char *username);

/* Gives the client another identifier, which is copied; only during authentication. Returns 0,
   MOSQ_ERR_INVAL for NULL or malformed arguments, or MOSQ_ERR_NOMEM; for a client that is in,
   MOSQ_ERR_ALREADY_EXISTS when somebody has the identifier, else MOSQ_ERR_NOT_SUPPORTED.
   Not in 2.0.
   [during a callback] */
mosq_EXPORT int mosquitto_set_clientid(struct mosquitto *client, const char *clientid);

/* Disconnects a client, or every client when clientid is NULL, with or without its will being
   sent. Returns 0, or MOSQ_ERR_NOT_FOUND.
   [any thread] */
mosq_EXPORT int mosquitto_kick_client_by_clientid(const char *clientid, bool with_will);

/* Disconnects all clients with that user name, or those without any when it is NULL. Returns 0.
   [any thread] */
mosq_EXPORT int mosquitto_kick_client_by_username(const char *username, bool with_will);

/* Calls a function for every client, connected or not, with functor_context passed through, until
   one call returns other than 0. Handles are valid during that call only. Returns the last
   result. Not in 2.0.
   [any thread] */
mosq_EXPORT int mosquitto_apply_on_all_clients(
    int (*FUNC_client_functor)(const struct mosquitto *client, void *functor_context),
    void *functor_context);

/* Answers a basic authentication that a callback left open with MOSQ_ERR_AUTH_DELAYED: result is
   MOSQ_ERR_SUCCESS to let the client in, anything else to refuse it. clientid is only read;
   nothing happens when no such client is waiting. The original broker allows this on its main
   thread only. Not in 2.0.
   [any thread] */
mosq_EXPORT void mosquitto_complete_basic_auth(const char *clientid, int result);

#ifdef __cplusplus
}
#endif

#endif
