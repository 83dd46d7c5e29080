/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that calls everything the broker offers, from two threads of its own. Clients whose
   identifier begins with "kick" are thrown out as soon as they are seen. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_t threads[2];
static bool is_stopping;
static long rounds;

static int look_at(const struct mosquitto *client, void *context)
{
    const char *clientid = mosquitto_client_id(client);

    (void)context;
    if (clientid == NULL || mosquitto_client_address(client) == NULL
        || mosquitto_client_protocol_version(client) < 3
        || mosquitto_client_keepalive(client) < 0) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "REC odd client");
        return 1;
    }
    (void)mosquitto_client_username(client);
    (void)mosquitto_client_id_hashv(client);
    if (strncmp(clientid, "kick", 4) == 0) {
        mosquitto_kick_client_by_clientid(clientid, true);
    }
    if (strncmp(clientid, "serve", 5) == 0) {
        struct mosquitto_subscription subscription = {0};
        mosquitto_property *properties = NULL;
        struct mosquitto *again = mosquitto_client(clientid);

        if (again != NULL && strcmp(mosquitto_client_id(again), clientid) != 0) {
            mosquitto_log_printf(MOSQ_LOG_ERR, "REC other client");
        }
        subscription.clientid = (char *)clientid;
        subscription.topic_filter = (char *)"busy/all";
        mosquitto_subscription_add(&subscription);
        mosquitto_property_add_string_pair(&properties, 38, "from", "busybody");
        if (mosquitto_broker_publish_copy(clientid, "busy/one", 5, "hello", 0, false, properties)
            != 0) {
            mosquitto_property_free_all(&properties);
        }
        mosquitto_client_will_set(clientid, "busy/will", 4, "gone", 0, false, NULL);
    }
    return 0;
}

static void *run(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&is_stopping, __ATOMIC_RELAXED)) {
        char *payload = mosquitto_strdup("to all");

        mosquitto_apply_on_all_clients(look_at, NULL);
        if (mosquitto_broker_publish(NULL, "busy/all", 6, payload, 0, false, NULL) != 0) {
            mosquitto_free(payload);
        }
        __atomic_add_fetch(&rounds, 1, __ATOMIC_RELAXED);
        usleep(200);
    }
    return NULL;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)identifier;
    (void)userdata;
    (void)options;
    (void)count;
    for (int i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, run, NULL) != 0) {
            return MOSQ_ERR_ERRNO;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    __atomic_store_n(&is_stopping, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC rounds %s", rounds > 100 ? "many" : "few");
    return MOSQ_ERR_SUCCESS;
}
