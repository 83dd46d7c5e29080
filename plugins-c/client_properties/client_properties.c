/* SPDX-License-Identifier: Apache-2.0 */
/* Logs all that the broker knows of a client when it connects, and the properties of each message. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <stdlib.h>

static mosquitto_plugin_id_t *self;

static const char *or_none(const char *text)
{
    return text != NULL ? text : "(none)";
}

static void log_client(const struct mosquitto *client)
{
    mosquitto_log_printf(
        MOSQ_LOG_INFO,
        "client %s: address %s, user %s, protocol %d version %d, keep alive %d, clean %s",
        or_none(mosquitto_client_id(client)),
        or_none(mosquitto_client_address(client)),
        or_none(mosquitto_client_username(client)),
        mosquitto_client_protocol(client),
        mosquitto_client_protocol_version(client),
        mosquitto_client_keepalive(client),
        mosquitto_client_clean_session(client) ? "yes" : "no");
}

static int on_connect(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_connect *data = event_data;

    (void)event;
    (void)userdata;
    log_client(data->client);
    return MOSQ_ERR_SUCCESS;
}

/* What serves instead where there is no CONNECT event. */
static int on_basic_auth(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_basic_auth *data = event_data;

    (void)event;
    (void)userdata;
    log_client(data->client);
    return MOSQ_ERR_PLUGIN_DEFER;
}

/* Logs a property with a number as its value; false when it is of another type. */
static bool log_number(const mosquitto_property *property, int id, const char *name)
{
    uint8_t byte;
    uint16_t word;
    uint32_t number;

    if (mosquitto_property_read_byte(property, id, &byte, false) == property) {
        number = byte;
    } else if (mosquitto_property_read_int16(property, id, &word, false) == property) {
        number = word;
    } else if (
        mosquitto_property_read_int32(property, id, &number, false) != property
        && mosquitto_property_read_varint(property, id, &number, false) != property) {
        return false;
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "  %s: %" PRIu32, name, number);
    return true;
}

static void log_property(const mosquitto_property *property)
{
    int id = mosquitto_property_identifier(property);
    const char *name = or_none(mosquitto_property_identifier_to_string(id));
    char *key = NULL;
    char *value = NULL;
    void *data = NULL;
    uint16_t length;

    if (log_number(property, id, name)) {
        return;
    }
    if (mosquitto_property_read_string_pair(property, id, &key, &value, false) == property) {
        mosquitto_log_printf(
            MOSQ_LOG_INFO, "  %s: %s = %s", name, key ? key : "", value ? value : "");
    } else if (mosquitto_property_read_string(property, id, &value, false) == property) {
        mosquitto_log_printf(MOSQ_LOG_INFO, "  %s: %s", name, value ? value : "");
    } else if (mosquitto_property_read_binary(property, id, &data, &length, false) == property) {
        mosquitto_log_printf(MOSQ_LOG_INFO, "  %s: %d bytes", name, (int)length);
    }
    free(key);
    free(value);
    free(data);
}

static int on_message(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *data = event_data;
    const mosquitto_property *property;

    (void)event;
    (void)userdata;
    mosquitto_log_printf(
        MOSQ_LOG_INFO,
        "message from %s to %s, %" PRIu32 " bytes",
        or_none(mosquitto_client_id(data->client)),
        data->topic,
        data->payloadlen);
    for (property = data->properties; property != NULL;
         property = mosquitto_property_next(property)) {
        log_property(property);
    }
    return MOSQ_ERR_SUCCESS;
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
    if (result == MOSQ_ERR_NOT_SUPPORTED) {
        result = mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    }
    if (result != MOSQ_ERR_SUCCESS) {
        return result;
    }
    return mosquitto_callback_register(self, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    /* One of the two is not registered, which only makes its call fail. */
    mosquitto_callback_unregister(self, MOSQ_EVT_CONNECT, on_connect, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE, on_message, NULL);
    return MOSQ_ERR_SUCCESS;
}
