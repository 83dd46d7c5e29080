/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that takes a millisecond for each password and each access check, on the plugin thread. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <unistd.h>

enum { CHECK_MICROSECONDS = 1000 };

static int check(int event, void *data, void *userdata)
{
    (void)event;
    (void)data;
    (void)userdata;
    usleep(CHECK_MICROSECONDS);
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, check, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, check, NULL, NULL);
    return MOSQ_ERR_SUCCESS;
}
