/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a text in front of every payload; shows how to replace what an event carries. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <string.h>

static mosquitto_plugin_id_t *self;
static const char *prefix = "hello ";

static int on_message(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *data = event_data;
    size_t prefix_length = strlen(prefix);
    size_t length = prefix_length + data->payloadlen;
    char *payload;

    (void)event;
    (void)userdata;
    if (length > MQTT_MAX_PAYLOAD / 2) {
        return MOSQ_ERR_SUCCESS;
    }
    /* One byte more, because readers of this event rely on a NUL byte behind the payload. */
    payload = mosquitto_malloc(length + 1);
    if (payload == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    memcpy(payload, prefix, prefix_length);
    if (data->payloadlen > 0) {
        memcpy(payload + prefix_length, data->payload, data->payloadlen);
    }
    payload[length] = '\0';
    /* The broker frees the old payload and owns the new one from here on. */
    data->payload = payload;
    data->payloadlen = (uint32_t)length;
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int i;

    (void)userdata;
    for (i = 0; i < count; i++) {
        if (strcmp(options[i].key, "prefix") == 0) {
            /* Options stay where they are until cleanup has returned. */
            prefix = options[i].value;
        }
    }
    self = identifier;
    return mosquitto_callback_register(self, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE, on_message, NULL);
    return MOSQ_ERR_SUCCESS;
}
