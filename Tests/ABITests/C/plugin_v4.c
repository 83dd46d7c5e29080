/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of interface version 4 and one of 5 in one file: its signatures must agree with our
   headers and with those of 2.0. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

int mosquitto_auth_plugin_version(void)
{
    return MOSQ_AUTH_PLUGIN_VERSION;
}

int mosquitto_auth_plugin_init(void **ud, struct mosquitto_opt *opts, int count)
{
    *ud = opts;
    return count < 0;
}

int mosquitto_auth_plugin_cleanup(void *ud, struct mosquitto_opt *opts, int count)
{
    return ud != opts || count < 0;
}

int mosquitto_auth_security_init(void *ud, struct mosquitto_opt *opts, int count, bool reload)
{
    return ud != opts || count < 0 || reload;
}

int mosquitto_auth_security_cleanup(void *ud, struct mosquitto_opt *opts, int count, bool reload)
{
    return ud != opts || count < 0 || reload;
}

int mosquitto_auth_acl_check(
    void *ud, int access, struct mosquitto *client, const struct mosquitto_acl_msg *msg)
{
    return ud && client && msg->topic && access == MOSQ_ACL_READ;
}

int mosquitto_auth_start(
    void *ud,
    struct mosquitto *client,
    const char *method,
    bool reauth,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len)
{
    return ud && client && method && reauth && data_in && data_in_len && data_out && data_out_len;
}

int mosquitto_auth_continue(
    void *ud,
    struct mosquitto *client,
    const char *method,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len)
{
    return ud && client && method && data_in && data_in_len && data_out && data_out_len;
}

static int on_message(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *message = event_data;

    if (event != MOSQ_EVT_MESSAGE || userdata != NULL) {
        return MOSQ_ERR_INVAL;
    }
    return mosquitto_property_add_string_pair(
        &message->properties, MQTT_PROP_USER_PROPERTY, "name", "value");
}

int mosquitto_plugin_version(int count, const int *versions)
{
    return count > 0 ? versions[0] : -1;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    *userdata = count > 0 ? options : NULL;
    return mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    return userdata != options && count > 0;
}
