/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that is asked about everything, allows it, and asks the broker back now and then.
 *   cc -O2 -shared -fPIC -Iinclude Benchmarks/load/every_event.c -o every_event.so
 * A request to the topic of the option "control" is answered by a message to "answers/" and its payload.
 */
#include <mosquitto.h>
#include <mosquitto/broker.h>
#include <mosquitto/broker_plugin.h>
#include <stdio.h>
#include <string.h>

static mosquitto_plugin_id_t *self;

static int allow(int event, void *data, void *user)
{
    (void)event, (void)data, (void)user;
    return MOSQ_ERR_SUCCESS;
}

static int log_in(int event, void *data, void *user)
{
    struct mosquitto_evt_basic_auth *login = data;

    (void)event, (void)user;
    mosquitto_client(mosquitto_client_id(login->client));
    return MOSQ_ERR_SUCCESS;
}

static int control(int event, void *data, void *user)
{
    struct mosquitto_evt_control *request = data;
    char topic[100];

    (void)event, (void)user;
    snprintf(topic, sizeof topic, "answers/%.*s", (int)request->payloadlen, (const char *)request->payload);
    mosquitto_broker_publish_copy(NULL, topic, 4, "done", 1, false, NULL);
    return MOSQ_ERR_SUCCESS;
}

static int reload(int event, void *data, void *user)
{
    (void)event, (void)data, (void)user;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "reloaded");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    (void)count, (void)versions;
    return 5;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *plugin, void **user, struct mosquitto_opt *options, int count)
{
    static const int allowed[] = {MOSQ_EVT_ACL_CHECK, MOSQ_EVT_MESSAGE_IN, MOSQ_EVT_MESSAGE_OUT, MOSQ_EVT_SUBSCRIBE,
                                  MOSQ_EVT_UNSUBSCRIBE, MOSQ_EVT_CONNECT, MOSQ_EVT_DISCONNECT, MOSQ_EVT_CLIENT_OFFLINE,
                                  MOSQ_EVT_TICK};

    (void)user;
    self = plugin;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "name") == 0) {
            mosquitto_plugin_set_info(self, options[i].value, "1");
        } else if (strcmp(options[i].key, "control") == 0) {
            mosquitto_callback_register(self, MOSQ_EVT_CONTROL, control, options[i].value, NULL);
        }
    }
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        mosquitto_callback_register(self, allowed[i], allow, NULL, NULL);
    }
    mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, log_in, NULL, NULL);
    return mosquitto_callback_register(self, MOSQ_EVT_RELOAD, reload, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *user, struct mosquitto_opt *options, int count)
{
    (void)user, (void)options, (void)count;
    return MOSQ_ERR_SUCCESS;
}
