/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that answers what it is told to: a user name is the result of its authentication, and
   messages to command/... are orders. It logs how connections end and what goes out. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)

static bool denies_subscriptions;

static int on_basic_auth(int event, void *data, void *userdata)
{
    struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    if (auth->username != NULL && atoi(auth->username) == MOSQ_ERR_AUTH_DELAYED) {
        RECORD("delays %s", mosquitto_client_id(auth->client));
    }
    return auth->username != NULL ? atoi(auth->username) : MOSQ_ERR_SUCCESS;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    struct mosquitto_evt_acl_check *check = data;

    (void)event;
    (void)userdata;
    if (check->access == MOSQ_ACL_SUBSCRIBE && denies_subscriptions) {
        RECORD("asked about %s q%d", check->topic, check->qos);
        return strstr(check->topic, "kept") != NULL ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_message_in(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;
    const char *text = message->payload;
    char name[64] = "";

    (void)event;
    (void)userdata;
    if (strcmp(message->topic, "command/complete") == 0) {
        strncpy(name, text, strcspn(text, " ") & 63);
        mosquitto_complete_basic_auth(name, atoi(strchr(text, ' ')));
    } else if (strcmp(message->topic, "command/kick") == 0) {
        denies_subscriptions = true;
        RECORD("kick %d", mosquitto_kick_client_by_clientid(text, false));
    } else if (strcmp(message->topic, "command/send") == 0) {
        RECORD("send %d", mosquitto_broker_publish_copy(text, "direct", 2, "hi", 0, true, NULL));
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_message_out(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    RECORD("out %s %s", mosquitto_client_id(message->client), message->topic);
    return MOSQ_ERR_SUCCESS;
}

static int on_end(int event, void *data, void *userdata)
{
    struct mosquitto_evt_disconnect *end = data;

    (void)userdata;
    RECORD(
        "%s %s %d",
        event == MOSQ_EVT_DISCONNECT ? "disconnect" : "offline",
        mosquitto_client_id(end->client),
        end->reason);
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message_in, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_OUT, on_message_out, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_DISCONNECT, on_end, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_CLIENT_OFFLINE, on_end, NULL, NULL);
}
