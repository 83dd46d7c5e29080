/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that answers JSON commands with the broker's help: "ok", "data", and an error for the rest. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <string.h>

#define TOPIC "$CONTROL/test/v1"

static int on_command(struct mosquitto_control_cmd *command, void *userdata)
{
    mosquitto_log_printf(
        MOSQ_LOG_INFO,
        "REC %s of %s for %s",
        command->command_name,
        mosquitto_client_id(command->client),
        (const char *)userdata);
    if (strcmp(command->command_name, "data") == 0) {
        cJSON *response = cJSON_CreateObject();

        cJSON_AddStringToObject(response, "command", "data");
        cJSON_AddItemToObject(
            response,
            "data",
            cJSON_Duplicate(cJSON_GetObjectItem(command->j_command, "value"), true));
        cJSON_AddItemToArray(command->j_responses, response);
    } else {
        mosquitto_control_command_reply(
            command, strcmp(command->command_name, "ok") == 0 ? NULL : "no such thing");
    }
    return MOSQ_ERR_UNKNOWN;
}

static int on_control(int event, void *data, void *userdata)
{
    (void)event;
    return mosquitto_control_generic_callback(data, TOPIC "/response", userdata, on_command);
}

static int on_message(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    if (strcmp(message->topic, "tell") == 0) {
        mosquitto_control_send_response(cJSON_Parse("{ \"told\": [1, 2] }"), TOPIC "/response");
    }
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    struct mosquitto_evt_control nothing = {0};

    (void)userdata;
    (void)options;
    (void)count;
    if (mosquitto_control_generic_callback(NULL, TOPIC, NULL, on_command) != MOSQ_ERR_INVAL
        || mosquitto_control_generic_callback(&nothing, TOPIC, NULL, NULL) != MOSQ_ERR_INVAL) {
        return MOSQ_ERR_UNKNOWN;
    }
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_CONTROL, on_control, TOPIC, "me");
}
