/* SPDX-License-Identifier: Apache-2.0 */
/* Giving sessions and messages back to the broker, for persistence plugins. Not in 2.0. */
#ifndef MOSQUITTO_BROKER_PERSIST_H
#define MOSQUITTO_BROKER_PERSIST_H

#include "broker_record.h"
#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* These are called from the PERSIST_RESTORE callback in this order: base messages, retained
   messages, clients, subscriptions (mosquitto_subscription_add()), client messages, wills
   (mosquitto_client_will_set()). Nothing added this way comes back as an event. At other times those
   that add or change something return MOSQ_ERR_NOT_SUPPORTED here, after the checks below. */

/* Creates a session without a connection. clientid, username and auth_method must come from the
   malloc family; the broker owns them from the call on, even if it fails, and sets the fields to
   NULL. Returns 0, MOSQ_ERR_NOMEM, or MOSQ_ERR_INVAL for NULL or a client that exists.
   [main] */
mosq_EXPORT int mosquitto_persist_client_add(struct mosquitto_client *client);

/* Changes a session: its username (ownership as above), limits and times. clientid is only read.
   Returns 0, MOSQ_ERR_INVAL or MOSQ_ERR_NOT_FOUND.
   [main] */
mosq_EXPORT int mosquitto_persist_client_update(struct mosquitto_client *client);

/* Removes a session without sending its will; a connection is dropped. clientid is only read.
   Returns 0 (also when there is none), or MOSQ_ERR_INVAL for NULL.
   [main] */
mosq_EXPORT int mosquitto_persist_client_delete(const char *clientid);

/* Queues a base message for a client (direction mosq_bmd_out) or notes it as received from it
   (mosq_bmd_in). Everything is only read. Returns 0, MOSQ_ERR_NOMEM, MOSQ_ERR_INVAL, or
   MOSQ_ERR_NOT_FOUND when client or base message are unknown.
   [main] */
mosq_EXPORT int mosquitto_persist_client_msg_add(struct mosquitto_client_msg *client_msg);

/* Removes a client message, found by clientid, direction, mid and (outgoing) qos. Everything is
   only read. Returns 0, MOSQ_ERR_INVAL or MOSQ_ERR_NOT_FOUND.
   [main] */
mosq_EXPORT int mosquitto_persist_client_msg_delete(struct mosquitto_client_msg *client_msg);

/* Sets the state of an outgoing client message, found as above. Returns 0, MOSQ_ERR_INVAL or
   MOSQ_ERR_NOT_FOUND.
   [main] */
mosq_EXPORT int mosquitto_persist_client_msg_update(struct mosquitto_client_msg *client_msg);

/* Removes all messages of a client: the incoming ones for mosq_bmd_in and mosq_bmd_all, the
   outgoing ones for mosq_bmd_out. Returns 0, MOSQ_ERR_INVAL or MOSQ_ERR_NOT_FOUND.
   [main] */
mosq_EXPORT int mosquitto_persist_client_msg_clear(struct mosquitto_client_msg *client_msg);

/* Stores a message. topic, payload and properties must come from the malloc family; the broker
   owns them from the call on and sets the fields to NULL; source_id and source_username are
   copied. Returns 0, MOSQ_ERR_NOMEM, MOSQ_ERR_INVAL when the payload is too large, or
   MOSQ_ERR_ALREADY_EXISTS.
   [main] */
mosq_EXPORT int mosquitto_persist_base_msg_add(struct mosquitto_base_msg *msg);

/* Removes a message that nothing refers to; one that is in use stays. Returns 0.
   [main] */
mosq_EXPORT int mosquitto_persist_base_msg_delete(uint64_t store_id);

/* Makes a stored message the retained one of a topic, which is only read. Returns 0,
   MOSQ_ERR_NOMEM, or MOSQ_ERR_UNKNOWN when there is no such message.
   [main] */
mosq_EXPORT int mosquitto_persist_retain_msg_set(const char *topic, uint64_t store_id);

/* Removes the retained message of a topic, which is only read. Returns 0 or MOSQ_ERR_NOMEM.
   [main] */
mosq_EXPORT int mosquitto_persist_retain_msg_delete(const char *topic);

/* Returns where the configuration (or MOSQUITTO_PERSISTENCE_LOCATION in the environment) puts
   persistent data, or NULL; borrowed, valid until the configuration is reloaded.
   [any thread] */
mosq_EXPORT const char *mosquitto_persistence_location(void);

/* Sets the part of new store identifiers that tells brokers apart, 0 to 1023. Returns 0, or
   MOSQ_ERR_INVAL for a greater number.
   [main] */
mosq_EXPORT int mosquitto_broker_node_id_set(uint16_t id);

#ifdef __cplusplus
}
#endif

#endif
