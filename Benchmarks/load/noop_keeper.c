/* SPDX-License-Identifier: Apache-2.0 */
/* A persistence plugin that is told everything and does nothing: what the events themselves cost. With -DDIRECT it may be
   called on any thread. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#ifdef DIRECT
int mosquitto_plugin_thread_safe(void)
{
    return 1;
}
#endif

static int on_event(int event, void *data, void *userdata)
{
    (void)event;
    (void)data;
    (void)userdata;
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    static const int events[] = {
        MOSQ_EVT_PERSIST_RESTORE,
        MOSQ_EVT_PERSIST_BASE_MSG_ADD,
        MOSQ_EVT_PERSIST_BASE_MSG_DELETE,
        MOSQ_EVT_PERSIST_RETAIN_MSG_SET,
        MOSQ_EVT_PERSIST_RETAIN_MSG_DELETE,
        MOSQ_EVT_PERSIST_CLIENT_ADD,
        MOSQ_EVT_PERSIST_CLIENT_DELETE,
        MOSQ_EVT_PERSIST_CLIENT_UPDATE,
        MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD,
        MOSQ_EVT_PERSIST_SUBSCRIPTION_DELETE,
        MOSQ_EVT_PERSIST_CLIENT_MSG_ADD,
        MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE,
        MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE,
        MOSQ_EVT_PERSIST_WILL_ADD,
        MOSQ_EVT_PERSIST_WILL_DELETE,
    };

    (void)userdata;
    (void)options;
    (void)count;
    for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        int code = mosquitto_callback_register(identifier, events[i], on_event, NULL, NULL);
        if (code != MOSQ_ERR_SUCCESS) {
            return code;
        }
    }
    return MOSQ_ERR_SUCCESS;
}
