/* SPDX-License-Identifier: Apache-2.0 */
/* Decides about user names and passwords on a worker thread, as one that asks a slow service
   would, while the broker goes on. Needs 2.1.

   An answer must reach the connection it was found for, and no other that claims the same client
   identifier. A broker with mosquitto_client_auth_ticket() gives each question a number, and is
   answered by it, at once and from the worker thread. The original knows identifiers only, and is
   answered on its own thread, from TICK: there a second question about an identifier is refused
   while the first is open. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One question, then answer. */
struct job {
    struct job *next;
    struct job *next_open;
    uint64_t ticket; /* 0 in a broker without tickets */
    char *client_id;
    char *username;
    char *password;
    int result;
};

/* First in, first out. */
struct queue {
    struct job *first;
    struct job **end;
};

static mosquitto_plugin_id_t *self;
static struct mosquitto_opt *settings;
static int setting_count;
static long delay_ms = 500;

/* What a broker with tickets has; all three or none. */
static uint64_t (*take_ticket)(const struct mosquitto *);
static bool (*is_awaited)(uint64_t);
static void (*answer_ticket)(uint64_t, int, void *, uint16_t);

static pthread_t worker;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
/* All below: only with `lock` held. */
static struct queue questions = {NULL, &questions.first};
static struct queue answers = {NULL, &answers.first};
static struct job *open_jobs; /* without tickets: asked and not yet answered */
static bool is_stopping;

static void put(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

static struct job *take(struct queue *queue)
{
    struct job *job = queue->first;

    if (job != NULL) {
        queue->first = job->next;
        if (queue->first == NULL) {
            queue->end = &queue->first;
        }
    }
    return job;
}

static void free_job(struct job *job)
{
    if (job->password != NULL) {
        explicit_bzero(job->password, strlen(job->password));
    }
    free(job->client_id);
    free(job->username);
    free(job->password);
    free(job);
}

/* Whether a question about this client identifier is open. Called with the lock held. */
static bool is_open(const char *client_id)
{
    const struct job *job;

    for (job = open_jobs; job != NULL; job = job->next_open) {
        if (strcmp(job->client_id, client_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the next answer, whose question is closed with that. */
static struct job *take_answer(void)
{
    struct job **link = &open_jobs;
    struct job *job;

    pthread_mutex_lock(&lock);
    job = take(&answers);
    while (job != NULL && *link != job) {
        link = &(*link)->next_open;
    }
    if (job != NULL) {
        *link = job->next_open;
    }
    pthread_mutex_unlock(&lock);
    return job;
}

/* Looks for "user NAME:PASSWORD" among the options. */
static int decide(const struct job *job)
{
    size_t length = strlen(job->username);
    int i;

    for (i = 0; i < setting_count; i++) {
        const char *value = settings[i].value;

        if (strcmp(settings[i].key, "user") == 0 && strncmp(value, job->username, length) == 0
            && value[length] == ':' && strcmp(value + length + 1, job->password) == 0) {
            return MOSQ_ERR_SUCCESS;
        }
    }
    return MOSQ_ERR_AUTH;
}

/* Waits as long as the service would take, or until the plugin ends. Called with the lock held. */
static void wait_for_service(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += delay_ms / 1000;
    until.tv_nsec += delay_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (!is_stopping && pthread_cond_timedwait(&changed, &lock, &until) == 0) {
        /* Woken by a new question: its turn comes later. */
    }
}

static void *work(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lock);
    while (!is_stopping) {
        struct job *job = take(&questions);

        if (job == NULL) {
            pthread_cond_wait(&changed, &lock);
            continue;
        }
        if (job->ticket != 0 && !is_awaited(job->ticket)) {
            /* The client has gone: the service is spared the question. */
            free_job(job);
            continue;
        }
        wait_for_service();
        job->result = decide(job);
        if (job->ticket != 0) {
            pthread_mutex_unlock(&lock);
            answer_ticket(job->ticket, job->result, NULL, 0);
            free_job(job);
            pthread_mutex_lock(&lock);
        } else {
            put(&answers, job);
        }
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static int on_basic_auth(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_basic_auth *data = event_data;
    const char *id = mosquitto_client_id(data->client);
    struct job *job;

    (void)event;
    (void)userdata;
    if (id == NULL || data->username == NULL || data->password == NULL) {
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    job = calloc(1, sizeof(*job));
    if (job == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    job->client_id = strdup(id);
    job->username = strdup(data->username);
    job->password = strdup(data->password);
    if (job->client_id == NULL || job->username == NULL || job->password == NULL) {
        free_job(job);
        return MOSQ_ERR_NOMEM;
    }
    if (take_ticket != NULL) {
        job->ticket = take_ticket(data->client);
    }
    pthread_mutex_lock(&lock);
    if (job->ticket == 0) {
        if (is_open(id)) {
            pthread_mutex_unlock(&lock);
            free_job(job);
            return MOSQ_ERR_AUTH;
        }
        job->next_open = open_jobs;
        open_jobs = job;
    }
    put(&questions, job);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return MOSQ_ERR_AUTH_DELAYED;
}

static int on_tick(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_tick *data = event_data;
    struct job *job;

    (void)event;
    (void)userdata;
    data->next_s = 0;
    data->next_ms = 50;
    while ((job = take_answer()) != NULL) {
        mosquitto_complete_basic_auth(job->client_id, job->result);
        free_job(job);
    }
    return MOSQ_ERR_SUCCESS;
}

/* POSIX lets the address of a function pass through a pointer to data; ISO C has no cast for it. */
static bool find(const char *name, void *pointer)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);

    memcpy(pointer, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static void find_tickets(void)
{
    if (!find("mosquitto_client_auth_ticket", &take_ticket)
        || !find("mosquitto_auth_is_awaited", &is_awaited)
        || !find("mosquitto_complete_auth", &answer_ticket)) {
        take_ticket = NULL;
    }
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int i;
    int result;

    (void)userdata;
    self = identifier;
    settings = options;
    setting_count = count;
    for (i = 0; i < count; i++) {
        if (strcmp(options[i].key, "delay_ms") == 0) {
            delay_ms = atol(options[i].value);
        }
    }
    find_tickets();
    result = mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_callback_register(self, MOSQ_EVT_TICK, on_tick, NULL, NULL);
    }
    if (result == MOSQ_ERR_SUCCESS && pthread_create(&worker, NULL, work, NULL) != 0) {
        result = MOSQ_ERR_UNKNOWN;
    }
    return result;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    struct job *job;

    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_TICK, on_tick, NULL);
    pthread_mutex_lock(&lock);
    is_stopping = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(worker, NULL);
    while ((job = take(&questions)) != NULL || (job = take(&answers)) != NULL) {
        free_job(job);
    }
    return MOSQ_ERR_SUCCESS;
}
