/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that writes into what it is shown, keeping the pointers: topic, payload and properties of
   messages, filters, user names. A message to "go" makes it publish 1 to 10, by turns to all and to the
   client "k". */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)

static int edits_event = MOSQ_EVT_MESSAGE_IN;

static void publish_by_turns(int qos)
{
    for (int i = 1; i <= 10; i++) {
        char text[8];
        int length = snprintf(text, sizeof(text), "%d", i);
        mosquitto_broker_publish_copy(i % 2 != 0 ? NULL : "k", "t", length, text, qos, false, NULL);
    }
}

static int on_message(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;
    char *payload = message->payload;

    (void)userdata;
    if (event == MOSQ_EVT_MESSAGE_IN && strncmp(message->topic, "go", 2) == 0) {
        publish_by_turns(message->qos);
    }
    if (event != edits_event) {
        return MOSQ_ERR_SUCCESS;
    }
    if (strcmp(message->topic, "a/cut/me") == 0) {
        message->topic[5] = '\0';
    } else if (strcmp(message->topic, "a/letter") == 0) {
        message->topic[0] = 'b';
    } else if (strcmp(message->topic, "a/payload") == 0) {
        payload[0] = 'X';
    } else if (strcmp(message->topic, "a/length") == 0) {
        message->payloadlen = 2;
    } else if (strcmp(message->topic, "a/both") == 0) {
        payload[0] = 'Y';
        message->topic = mosquitto_strdup("a/new");
    } else if (strcmp(message->topic, "a/property") == 0) {
        mosquitto_property_add_string_pair(
            &message->properties, MQTT_PROP_USER_PROPERTY, "added", "here");
    } else if (strcmp(message->topic, "a/wild") == 0) {
        message->topic[2] = '#';
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_subscribe(int event, void *data, void *userdata)
{
    struct mosquitto_evt_subscribe *subscribe = data;

    (void)event;
    (void)userdata;
    if (strcmp(subscribe->data.topic_filter, "a/filter") == 0) {
        subscribe->data.topic_filter[0] = 'f';
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    if (auth->username != NULL && strncmp(auth->username, "DOMAIN\\", 7) == 0) {
        memmove(auth->username, auth->username + 7, strlen(auth->username + 7) + 1);
    } else if (auth->username != NULL && strcmp(auth->username, "spoilt") == 0) {
        auth->username[0] = '\x80';
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_acl_check *check = data;
    const char *name = mosquitto_client_username(check->client);

    (void)event;
    (void)userdata;
    if (strcmp(check->topic, "who") == 0) {
        RECORD("who %s", name != NULL ? name : "NULL");
    }
    return check->access == MOSQ_ACL_WRITE && strcmp(check->topic, "quota") == 0
        ? MOSQ_ERR_QUOTA_EXCEEDED
        : MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].value, "out") == 0) {
            edits_event = MOSQ_EVT_MESSAGE_OUT;
        }
    }
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
    if (edits_event == MOSQ_EVT_MESSAGE_OUT) {
        mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_OUT, on_message, NULL, NULL);
    }
    mosquitto_callback_register(identifier, MOSQ_EVT_SUBSCRIBE, on_subscribe, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
}
