/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that answers every authentication from a thread of its own: after one second for
   ordinary users, never for "never", at once for "early". User "no" is refused. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct entry {
    struct entry *next;
    struct timespec due;
    char *clientid;
    int result;
    bool is_exchange;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *first;
static struct entry **end = &first;
static pthread_t thread;
static bool is_stopping;

static struct entry *take_due(void)
{
    struct timespec now;
    struct entry *entry;

    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    entry = first;
    if (entry != NULL
        && (now.tv_sec > entry->due.tv_sec
            || (now.tv_sec == entry->due.tv_sec && now.tv_nsec >= entry->due.tv_nsec))) {
        first = entry->next;
        if (first == NULL) {
            end = &first;
        }
    } else {
        entry = NULL;
    }
    pthread_mutex_unlock(&lock);
    return entry;
}

static void *run(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&is_stopping, __ATOMIC_RELAXED)) {
        struct entry *entry = take_due();

        if (entry == NULL) {
            usleep(1000);
            continue;
        }
        if (entry->is_exchange) {
            mosquitto_complete_extended_auth(entry->clientid, entry->result, strdup("done"), 4);
        } else {
            mosquitto_complete_basic_auth(entry->clientid, entry->result);
        }
        free(entry->clientid);
        free(entry);
    }
    return NULL;
}

static void queue(const char *clientid, int result, bool is_exchange)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    clock_gettime(CLOCK_MONOTONIC, &entry->due);
    entry->due.tv_sec++;
    entry->clientid = strdup(clientid);
    entry->result = result;
    entry->is_exchange = is_exchange;
    pthread_mutex_lock(&lock);
    *end = entry;
    end = &entry->next;
    pthread_mutex_unlock(&lock);
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;
    const char *clientid = mosquitto_client_id(auth->client);
    const char *user = auth->username != NULL ? auth->username : "";

    (void)event;
    (void)userdata;
    if (strcmp(user, "early") == 0) {
        mosquitto_complete_basic_auth(clientid, MOSQ_ERR_SUCCESS);
    } else if (strcmp(user, "never") != 0) {
        queue(clientid, strcmp(user, "no") == 0 ? MOSQ_ERR_AUTH : MOSQ_ERR_SUCCESS, false);
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC delays %s", clientid);
    return MOSQ_ERR_AUTH_DELAYED;
}

static int on_extended(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_extended_auth *auth = data;

    (void)event;
    (void)userdata;
    queue(mosquitto_client_id(auth->client), MOSQ_ERR_SUCCESS, true);
    return MOSQ_ERR_AUTH_DELAYED;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_complete_extended_auth("nobody", MOSQ_ERR_SUCCESS, strdup("data"), 4);
    mosquitto_complete_extended_auth(NULL, MOSQ_ERR_SUCCESS, strdup("data"), 4);
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_extended, NULL, NULL);
    return pthread_create(&thread, NULL, run, NULL) == 0 ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ERRNO;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    __atomic_store_n(&is_stopping, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    return MOSQ_ERR_SUCCESS;
}
