/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin for enhanced authentication in steps, which the client's data names: "more" asks for another
   step, "yes" lets in, "bare" lets in without data, "no" refuses. Control requests fail with a reason. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdbool.h>
#include <string.h>

#define METHOD "steps"

static bool is_step(const struct mosquitto_evt_extended_auth *auth, const char *name)
{
    return auth->data_in_len == strlen(name) && memcmp(auth->data_in, name, strlen(name)) == 0;
}

static void reply(struct mosquitto_evt_extended_auth *auth, const char *text)
{
    auth->data_out = mosquitto_strdup(text);
    auth->data_out_len = (uint16_t)strlen(text);
}

static int on_step(int event, void *data, void *userdata)
{
    struct mosquitto_evt_extended_auth *auth = data;

    (void)userdata;
    if (event == MOSQ_EVT_EXT_AUTH_START && strcmp(auth->auth_method, METHOD) != 0) {
        return MOSQ_ERR_NOT_SUPPORTED;
    }
    if (is_step(auth, "more")) {
        reply(auth, "go on");
        return MOSQ_ERR_AUTH_CONTINUE;
    }
    if (is_step(auth, "yes")) {
        reply(auth, "welcome");
        return MOSQ_ERR_SUCCESS;
    }
    return is_step(auth, "bare") ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH;
}

static int on_control(int event, void *data, void *userdata)
{
    struct mosquitto_evt_control *control = data;

    (void)event;
    (void)userdata;
    control->reason_string = mosquitto_strdup("because of the rules of this house");
    return MOSQ_ERR_NOT_FOUND;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_step, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_CONTINUE, on_step, NULL, NULL);
    return mosquitto_callback_register(
        identifier, MOSQ_EVT_CONTROL, on_control, "$CONTROL/reason", NULL);
}
