/* SPDX-License-Identifier: Apache-2.0 */
/* Adds a user property "timestamp" with the time of arrival to every message. */
#define _POSIX_C_SOURCE 200809L
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <time.h>

static mosquitto_plugin_id_t *self;

static int on_message(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *data = event_data;
    struct timespec now;
    struct tm fields;
    char seconds[24];
    char text[40];

    (void)event;
    (void)userdata;
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &fields) == NULL
        || strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &fields) == 0) {
        return MOSQ_ERR_SUCCESS;
    }
    snprintf(text, sizeof(text), "%s.%03dZ", seconds, (int)(now.tv_nsec / 1000000));
    return mosquitto_property_add_string_pair(
        &data->properties, MQTT_PROP_USER_PROPERTY, "timestamp", text);
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
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
