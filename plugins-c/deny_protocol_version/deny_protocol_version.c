/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses clients that speak one of the protocol versions given by plugin_opt_deny (3, 4 or 5). */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

static mosquitto_plugin_id_t *self;
static bool is_denied[MQTT_PROTOCOL_V5 + 1];

static int on_basic_auth(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_basic_auth *data = event_data;
    int version = mosquitto_client_protocol_version(data->client);

    (void)event;
    (void)userdata;
    if (version >= MQTT_PROTOCOL_V31 && version <= MQTT_PROTOCOL_V5 && is_denied[version]) {
        return MOSQ_ERR_AUTH;
    }
    return MOSQ_ERR_PLUGIN_DEFER;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int i;

    (void)userdata;
    for (i = 0; i < count; i++) {
        int version = atoi(options[i].value);

        if (strcmp(options[i].key, "deny") != 0) {
            continue;
        }
        if (version < MQTT_PROTOCOL_V31 || version > MQTT_PROTOCOL_V5) {
            mosquitto_log_printf(
                MOSQ_LOG_ERR, "deny_protocol_version: not a version: %s", options[i].value);
            return MOSQ_ERR_INVAL;
        }
        is_denied[version] = true;
    }
    self = identifier;
    return mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    return MOSQ_ERR_SUCCESS;
}
