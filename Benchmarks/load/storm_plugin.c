/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that does all it may at once: it answers logins late and from another thread, changes and drops messages on their way
   in and out, and publishes, subscribes and kicks from two threads of its own. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 2, LATE_MAX = 256, NAME_MAX_BYTES = 64 };

struct late {
    char name[NAME_MAX_BYTES];
    int rounds;
};

static pthread_t threads[THREADS];
static bool is_stopping;
/* Logins that wait; only with the lock held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct late late[LATE_MAX];
static int late_count;

static unsigned dice(unsigned sides)
{
    static unsigned state = 1;
    unsigned value = __atomic_add_fetch(&state, 0x9e3779b9u, __ATOMIC_RELAXED);

    value = (value ^ value >> 16) * 0x85ebca6bu;
    return (value ^ value >> 13) % sides;
}

/* Every user whose name begins with "late" waits; true if there was room to note it. */
static bool put_off(const char *name)
{
    bool is_noted = false;

    pthread_mutex_lock(&lock);
    if (late_count < LATE_MAX && strlen(name) < NAME_MAX_BYTES) {
        strcpy(late[late_count].name, name);
        late[late_count++].rounds = (int)dice(100);
        is_noted = true;
    }
    pthread_mutex_unlock(&lock);
    return is_noted;
}

/* Takes a login off the list whose time has come. */
static bool take_late(char *name)
{
    bool is_found = false;

    pthread_mutex_lock(&lock);
    for (int i = 0; i < late_count && !is_found; i++) {
        if (--late[i].rounds < 0) {
            strcpy(name, late[i].name);
            late[i] = late[--late_count];
            is_found = true;
        }
    }
    pthread_mutex_unlock(&lock);
    return is_found;
}

static int visit(const struct mosquitto *client, void *context)
{
    const char *name = mosquitto_client_id(client);

    (void)context;
    if (name == NULL) {
        return 0;
    }
    if (strncmp(name, "kick", 4) == 0 && dice(200) == 0) {
        mosquitto_kick_client_by_clientid(name, dice(2) == 0);
    }
    if (strncmp(name, "serve", 5) == 0 && dice(20) == 0) {
        struct mosquitto_subscription subscription = {0};

        subscription.clientid = (char *)name;
        subscription.topic_filter = (char *)"busy/all";
        subscription.options = (uint8_t)dice(3);
        if (dice(3) == 0) {
            mosquitto_subscription_delete(name, "busy/all");
        } else {
            mosquitto_subscription_add(&subscription);
        }
        mosquitto_broker_publish_copy(name, "busy/one", 5, "hello", (int)dice(3), dice(2) == 0, NULL);
        mosquitto_client_will_set(name, "busy/will", 4, "gone", 0, false, NULL);
    }
    return 0;
}

static void *run(void *unused)
{
    char name[NAME_MAX_BYTES];

    (void)unused;
    while (!__atomic_load_n(&is_stopping, __ATOMIC_RELAXED)) {
        char *payload = mosquitto_strdup("to all");

        mosquitto_apply_on_all_clients(visit, NULL);
        if (mosquitto_broker_publish(NULL, "busy/all", 6, payload, (int)dice(3), false, NULL) != MOSQ_ERR_SUCCESS) {
            mosquitto_free(payload);
        }
        if (take_late(name)) {
            mosquitto_complete_basic_auth(name, dice(10) == 0 ? MOSQ_ERR_AUTH : MOSQ_ERR_SUCCESS);
        }
        usleep(2000);
    }
    return NULL;
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    if (auth->username != NULL && strncmp(auth->username, "late", 4) == 0) {
        return put_off(mosquitto_client_id(auth->client)) ? MOSQ_ERR_AUTH_DELAYED : MOSQ_ERR_AUTH;
    }
    return MOSQ_ERR_PLUGIN_DEFER;
}

/* Drops some messages and changes others; what clients send to themselves comes through. */
static int on_message(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    if (strncmp(message->topic, "all/", 4) != 0) {
        return MOSQ_ERR_SUCCESS;
    }
    switch (dice(8)) {
    case 0: return MOSQ_ERR_ACL_DENIED;
    case 1: {
        char *payload = mosquitto_strdup("changed");

        if (payload != NULL) {
            message->payload = payload;
            message->payloadlen = 7;
        }
        return MOSQ_ERR_SUCCESS;
    }
    case 2: {
        char *topic = mosquitto_strdup("all/changed");

        if (topic != NULL) {
            message->topic = topic;
        }
        return MOSQ_ERR_SUCCESS;
    }
    default: return MOSQ_ERR_SUCCESS;
    }
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_OUT, on_message, NULL, NULL);
    for (int i = 0; i < THREADS; i++) {
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
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    return MOSQ_ERR_SUCCESS;
}
