/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that takes two seconds for whoever is slow: the user, the topic or the method. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <string.h>
#include <unistd.h>

static void think(const char *what)
{
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC thinks about %s", what);
    sleep(2);
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    if (auth->username != NULL && strcmp(auth->username, "slow") == 0) {
        think("password");
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_acl_check *check = data;

    (void)event;
    (void)userdata;
    if (strcmp(check->topic, "slow") == 0 && check->access == MOSQ_ACL_WRITE) {
        think("access");
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_extended(int event, void *data, void *userdata)
{
    (void)event;
    (void)data;
    (void)userdata;
    think("exchange");
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_extended, NULL, NULL);
    return MOSQ_ERR_SUCCESS;
}
