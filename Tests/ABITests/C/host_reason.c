/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that refuses what begins with `bad`, and says why, found by name as one must that loads into
   other brokers too. SILENT: without a word. DIRECT: on any thread. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <string.h>

static mosquitto_plugin_id_t *plugin;
#ifndef SILENT
static void (*give)(const mosquitto_plugin_id_t *, const char *);
static bool (*wanted)(int);
#endif

#ifdef DIRECT
int mosquitto_plugin_thread_safe(void)
{
    return MOSQ_PLUGIN_THREAD_SAFE;
}
#endif

static void say(int access, const char *text)
{
#ifdef SILENT
    (void)access;
    (void)text;
#else
    char reason[512];

    if (give == NULL || (access != 0 && !wanted(access))) {
        return;
    }
    snprintf(reason, sizeof(reason), "rule about %s", text);
    give(plugin, NULL);
    give(NULL, "nobody's");
    give(plugin, reason);
#endif
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    if (auth->username == NULL || strncmp(auth->username, "bad", 3) != 0) {
        return MOSQ_ERR_SUCCESS;
    }
    say(0, auth->username);
    return MOSQ_ERR_AUTH;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_acl_check *check = data;

    (void)event;
    (void)userdata;
    if (strncmp(check->topic, "bad", 3) != 0) {
        return MOSQ_ERR_SUCCESS;
    }
    say(check->access, check->topic);
    return MOSQ_ERR_ACL_DENIED;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    (void)count;
    (void)versions;
    return 5;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    plugin = identifier;
#ifndef SILENT
    *(void **)&give = dlsym(RTLD_DEFAULT, "mosquitto_access_reason_set");
    *(void **)&wanted = dlsym(RTLD_DEFAULT, "mosquitto_access_reason_wanted");
    if (wanted != NULL && wanted(MOSQ_ACL_READ)) {
        return MOSQ_ERR_UNKNOWN;
    }
#endif
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_ACL_CHECK, on_acl_check, NULL, NULL);
}
