/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that is linked with the common library, as some builds for 2.1 are. */
#include <mosquitto.h>
#include <mosquitto/libcommon.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    char *text = NULL;

    (void)identifier;
    (void)userdata;
    (void)options;
    (void)count;
    if (mosquitto_base64_encode((const unsigned char *)"hello", 5, &text) != MOSQ_ERR_SUCCESS) {
        return MOSQ_ERR_NOMEM;
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC base64 %s", text);
    mosquitto_free(text);
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC name %s", mosquitto_property_identifier_to_string(38));
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}
