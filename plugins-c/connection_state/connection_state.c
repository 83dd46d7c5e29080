/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes retained "1" or "0" to $SYS/broker/connection/client/CLIENTID/state as clients come and
   go. Needs the events of 2.1. */
#define _POSIX_C_SOURCE 200809L
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <string.h>

static mosquitto_plugin_id_t *self;

static int publish_state(const struct mosquitto *client, const char *state)
{
    const char *id = mosquitto_client_id(client);
    char topic[512];
    int length;

    /* An identifier may hold any character, a topic may not; such clients go unreported. */
    if (id == NULL || strpbrk(id, "/+#") != NULL) {
        return MOSQ_ERR_SUCCESS;
    }
    length = snprintf(topic, sizeof(topic), "$SYS/broker/connection/client/%s/state", id);
    if (length < 0 || (size_t)length >= sizeof(topic)) {
        return MOSQ_ERR_SUCCESS;
    }
    return mosquitto_broker_publish_copy(NULL, topic, 1, state, 0, true, NULL);
}

static int on_connect(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_connect *data = event_data;

    (void)event;
    (void)userdata;
    return publish_state(data->client, "1");
}

/* Serves DISCONNECT and CLIENT_OFFLINE, whose structs are alike. */
static int on_disconnect(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_disconnect *data = event_data;

    (void)event;
    (void)userdata;
    /* A successor under the same identifier has reported itself already. */
    if (data->reason == MOSQ_ERR_SESSION_TAKEN_OVER) {
        return MOSQ_ERR_SUCCESS;
    }
    return publish_state(data->client, "0");
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int result;

    (void)userdata;
    (void)options;
    (void)count;
    self = identifier;
    result = mosquitto_callback_register(self, MOSQ_EVT_CONNECT, on_connect, NULL, NULL);
    if (result != MOSQ_ERR_SUCCESS) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "connection_state: this broker has no CONNECT event");
        return result;
    }
    result = mosquitto_callback_register(self, MOSQ_EVT_DISCONNECT, on_disconnect, NULL, NULL);
    if (result != MOSQ_ERR_SUCCESS) {
        return result;
    }
    return mosquitto_callback_register(self, MOSQ_EVT_CLIENT_OFFLINE, on_disconnect, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_CONNECT, on_connect, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_DISCONNECT, on_disconnect, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_CLIENT_OFFLINE, on_disconnect, NULL);
    return MOSQ_ERR_SUCCESS;
}
