/* SPDX-License-Identifier: Apache-2.0 */
/* The entry points of the plugin, and what cannot be said in Go. */
#include "_cgo_export.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <string.h>

static int on_login(int event, void *data, void *userdata)
{
    struct mosquitto_evt_basic_auth *login = data;

    (void)event;
    (void)userdata;
    return decide(login->username != NULL ? login->username : "") != 0 ? MOSQ_ERR_SUCCESS : MOSQ_ERR_AUTH;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    (void)count;
    (void)versions;
    return 5;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "one_in") == 0) {
            prepare(atoi(options[i].value));
        }
    }
    mosquitto_plugin_set_info(identifier, "panics", "1");
    return mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_login, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}
