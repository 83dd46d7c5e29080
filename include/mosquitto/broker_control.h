/* SPDX-License-Identifier: Apache-2.0 */
/* Help for plugins that answer JSON commands on "$CONTROL/" topics. Not in 2.0. */
#ifndef MOSQUITTO_BROKER_CONTROL_H
#define MOSQUITTO_BROKER_CONTROL_H

#include "broker.h"
#include "broker_event.h"
#include "defs.h"
/* Broker and plugin must use one and the same shared library of cJSON. */
#include "libcommon_cjson.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One command out of a request. All pointers are borrowed and valid during the callback only;
   what is added to the array j_responses belongs to that array. */
struct mosquitto_control_cmd {
    struct mosquitto *client;
    struct cJSON *j_responses;
    struct cJSON *j_command;
    char *correlation_data;
    const char *command_name;
};

/* Serves a control event whose payload is {"commands":[...]}: calls cmd_cb, with userdata passed
   through, for each command, then publishes {"responses":[...]} to response_topic. Malformed
   requests are answered with an error. All arguments are only read. Returns 0, MOSQ_ERR_NOMEM, or
   MOSQ_ERR_INVAL when event_data or cmd_cb is NULL.
   [during a callback] */
mosq_EXPORT int mosquitto_control_generic_callback(
    struct mosquitto_evt_control *event_data,
    const char *response_topic,
    void *userdata,
    int (*cmd_cb)(struct mosquitto_control_cmd *cmd, void *userdata));

/* Appends the response to a command: with an error text (copied), or without when it is NULL.
   [during a callback] */
mosq_EXPORT void mosquitto_control_command_reply(
    struct mosquitto_control_cmd *cmd, const char *error);

/* Publishes a tree as compact JSON to a topic; the tree is deleted, the topic copied.
   [any thread] */
mosq_EXPORT void mosquitto_control_send_response(struct cJSON *tree, const char *topic);

#ifdef __cplusplus
}
#endif

#endif
