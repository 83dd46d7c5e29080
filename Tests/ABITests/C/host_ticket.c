/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that answers by ticket, from a thread for each question, after 300 ms: user "ok" is let in, "pass" is left
   to others, whoever else refused. It objects to clients called "barred" that come without a password. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    uint64_t ticket;
    int result;
    char *user;
};

static int decide(const char *user)
{
    if (strcmp(user, "ok") == 0) {
        return MOSQ_ERR_SUCCESS;
    }
    return strcmp(user, "pass") == 0 ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_AUTH;
}

static void *run(void *argument)
{
    struct job *job = argument;

    usleep(300000);
    mosquitto_log_printf(
        MOSQ_LOG_INFO, "REC %s awaited=%d", job->user, mosquitto_auth_is_awaited(job->ticket));
    mosquitto_complete_auth(job->ticket, job->result, NULL, 0);
    /* The second answer has no effect, nor has one that names the client identifier. */
    mosquitto_complete_auth(job->ticket, MOSQ_ERR_SUCCESS, NULL, 0);
    mosquitto_complete_basic_auth("same", MOSQ_ERR_SUCCESS);
    free(job->user);
    free(job);
    return NULL;
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;
    struct job *job;
    pthread_t thread;

    (void)event;
    (void)userdata;
    if (auth->password == NULL) {
        if (auth->username != NULL && strcmp(auth->username, "barred") == 0) {
            return MOSQ_ERR_AUTH;
        }
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    job = calloc(1, sizeof(*job));
    job->ticket = mosquitto_client_auth_ticket(auth->client);
    job->result = decide(auth->username);
    job->user = strdup(auth->username);
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC asked %s %d", job->user, job->ticket != 0);
    if (pthread_create(&thread, NULL, run, job) != 0) {
        return MOSQ_ERR_UNKNOWN;
    }
    pthread_detach(thread);
    return MOSQ_ERR_AUTH_DELAYED;
}

/* Enhanced authentication takes the user name of the CONNECT as it is. */
static int on_extended(int event, void *data, void *userdata)
{
    (void)event;
    (void)data;
    (void)userdata;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_thread_safe(void)
{
    return MOSQ_PLUGIN_AUTH_CONFIRMS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_extended, NULL, NULL);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    /* Threads that still sleep end by themselves. */
    usleep(400000);
    return MOSQ_ERR_SUCCESS;
}
