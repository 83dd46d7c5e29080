/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin whose callbacks may be called on any thread. Notes whether they were called on the main
   thread, on others, or on both. Ticks every 50 ms and ends that after three times. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <string.h>
#include <unistd.h>

static mosquitto_plugin_id_t *plugin;
static int main_thread;
static long on_main;
static long elsewhere;
static int ticks;

int mosquitto_plugin_thread_safe(void)
{
    return MOSQ_PLUGIN_THREAD_SAFE;
}

static void note_thread(void)
{
    __atomic_add_fetch(gettid() == main_thread ? &on_main : &elsewhere, 1, __ATOMIC_RELAXED);
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    note_thread();
    return auth->username != NULL && strcmp(auth->username, "wrong") == 0 ? MOSQ_ERR_BANNED
                                                                          : MOSQ_ERR_SUCCESS;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_acl_check *check = data;

    (void)event;
    (void)userdata;
    note_thread();
    if (check->access == MOSQ_ACL_WRITE && strcmp(check->topic, "by/payload") == 0) {
        return strcmp(check->payload, "good") == 0 ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *userdata)
{
    (void)event;
    (void)data;
    (void)userdata;
    note_thread();
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *userdata)
{
    struct mosquitto_evt_tick *tick = data;

    (void)event;
    (void)userdata;
    tick->next_ms = 50;
    if (++ticks == 3) {
        mosquitto_log_printf(
            MOSQ_LOG_INFO,
            "REC tick on main=%d now=%d unregister=%d",
            gettid() == main_thread,
            tick->now_s > 1700000000,
            mosquitto_callback_unregister(plugin, MOSQ_EVT_TICK, on_tick, NULL));
    }
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    plugin = identifier;
    main_thread = gettid();
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC init on main=%d", gettid() == getpid());
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_OUT, on_message, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_CONNECT, on_message, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_DISCONNECT, on_message, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_TICK, on_tick, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_log_printf(
        MOSQ_LOG_INFO,
        "REC calls on main=%d elsewhere=%d ticks=%d cleanup on main=%d",
        on_main > 0,
        elsewhere > 0,
        ticks,
        gettid() == main_thread);
    return MOSQ_ERR_SUCCESS;
}
