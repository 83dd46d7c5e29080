/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that does what no plugin should: what it is told by a topic, a user name or an option. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mosquitto.h>

/* More than the memory limit of the tests. */
enum { LEAKED = 400 << 20 };

static mosquitto_plugin_id_t *self;
static const char *tick_deed, *reload_deed, *cleanup_deed, *once_path, *when_path;
/* What is done in callbacks of one event that are about clients, or identities, beginning with "bad". */
static const char *event_name, *event_deed;
/* The deed of a thread that does it while the first one asks the broker something. */
static const char *thread_deed;

/* Needs more of the stack than there is. */
static int overflow(volatile char *before, unsigned depth)
{
    volatile char room[4096];

    room[0] = before != NULL ? before[0] : 0;
    return depth == 0 ? 0 : overflow(room, depth - 1) + room[0];
}

static void *crash(void *unused)
{
    (void)unused;
    *(volatile int *)0 = 1;
    return NULL;
}

/* Writes over all memory that the process shares with others and may write to. */
static void scribble(unsigned mode)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long start, end;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3 || strcmp(rights, "rw-s") != 0) {
            continue;
        }
        for (unsigned long at = start; at < end; at += 4) {
            *(volatile uint32_t *)at = mode == 0 ? 0xffffffffU : (uint32_t)random();
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
}

/* Adds one to whatever the memory shared with the broker has, again and again. */
static void *spoil(void *unused)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    volatile uint64_t *start = NULL, *end = NULL;

    (void)unused;
    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && strcmp(rights, "rw-s") == 0) {
            start = (volatile uint64_t *)from;
            end = (volatile uint64_t *)to;
        }
    }
    while (start != NULL) {
        for (volatile uint64_t *word = start; word < end; word++) {
            if (*word != 0) {
                (*word)++;
            }
        }
    }
    return NULL;
}

/* Writes all ones over one word of the memory shared with the broker, from its beginning. */
static void spoil_word(unsigned number)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");

    while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
        unsigned long from, to;
        char rights[8];

        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 && strcmp(rights, "rw-s") == 0) {
            ((volatile uint64_t *)from)[number] = UINT64_MAX;
            break;
        }
    }
    if (maps != NULL) {
        fclose(maps);
    }
}

/* Takes all the memory there is. */
static void eat(void)
{
    struct rlimit limit = {400u << 20, 400u << 20};
    volatile char *piece;

    setrlimit(RLIMIT_DATA, &limit);
    do {
        piece = malloc(1 << 20);
        piece[0] = 1;
    } while (piece != NULL);
}

static void chatter(void)
{
    for (int i = 0; i < 20000; i++) {
        fprintf(stderr, "%d: there is nothing to be said, and it is said all the same\n", i);
    }
}

static void wait_for_ever(void)
{
    for (;;) {
        pause();
    }
}

static bool is(const char *deed, const char *name)
{
    return strcmp(deed, name) == 0;
}

/* What ends the process. */
static void end(const char *deed)
{
    pthread_t thread;

    if (is(deed, "null")) {
        crash(NULL);
    } else if (is(deed, "abort")) {
        abort();
    } else if (is(deed, "exit")) {
        exit(0);
    } else if (is(deed, "_exit")) {
        _exit(7);
    } else if (is(deed, "stack")) {
        overflow(NULL, 1u << 24);
    } else if (is(deed, "thread")) {
        pthread_create(&thread, NULL, crash, NULL);
        wait_for_ever();
    } else if (is(deed, "kill")) {
        kill(getpid(), SIGKILL);
        wait_for_ever();
    } else if (is(deed, "exec")) {
        execl("/bin/true", "true", (char *)NULL);
    } else if (is(deed, "eat")) {
        eat();
    }
}

/* What has it answer never, or nonsense. */
static void spoil_answers(const char *deed)
{
    pthread_t thread;

    if (is(deed, "pause")) {
        wait_for_ever();
    } else if (is(deed, "loop")) {
        for (volatile int turn = 0;; turn++) {
        }
    } else if (is(deed, "stop")) {
        kill(getpid(), SIGSTOP);
    } else if (is(deed, "close")) {
        for (int descriptor = 3; descriptor < 256; descriptor++) {
            close(descriptor);
        }
    } else if (is(deed, "scribble")) {
        scribble(0);
    } else if (is(deed, "random")) {
        scribble(1);
        wait_for_ever();
    } else if (is(deed, "spoil")) {
        pthread_create(&thread, NULL, spoil, NULL);
    } else if (strncmp(deed, "word", 4) == 0) {
        spoil_word((unsigned)atoi(deed + 4));
    }
}

/* What does no harm to anybody. */
static void waste(const char *deed)
{
    if (is(deed, "chatter")) {
        chatter();
    } else if (is(deed, "leak")) {
        char *leaked = malloc(LEAKED);

        if (leaked != NULL) {
            memset(leaked, 1, LEAKED);
        }
    } else if (is(deed, "fork")) {
        if (fork() == 0) {
            wait_for_ever();
        }
    } else if (is(deed, "forkreturn")) {
        fork();
    } else if (is(deed, "system")) {
        if (system("true") != 0) {
            abort();
        }
    } else if (is(deed, "terms")) {
        kill(getpid(), SIGTERM);
        kill(getpid(), SIGHUP);
        kill(getpid(), SIGINT);
    }
}

static void do_badly(const char *deed)
{
    if (when_path != NULL && access(when_path, F_OK) != 0) {
        return;
    }
    if (once_path != NULL && access(once_path, F_OK) == 0) {
        return;
    }
    if (once_path != NULL) {
        fclose(fopen(once_path, "w"));
    }
    fprintf(stderr, "now: %s\n", deed);
    end(deed);
    spoil_answers(deed);
    waste(deed);
}

static int visit(const struct mosquitto *client, void *unused)
{
    (void)client;
    (void)unused;
    return 0;
}

static int visit_control(int event, void *data, void *unused)
{
    (void)event;
    (void)data;
    (void)unused;
    return 0;
}

static void *do_from_thread(void *unused)
{
    (void)unused;
    usleep(2000);
    do_badly(thread_deed);
    return NULL;
}

/* Asks the broker one thing again and again; meanwhile a thread does the deed. */
static void ask_meanwhile(const char *what, const struct mosquitto *client)
{
    const char *id = mosquitto_client_id(client);
    pthread_t thread;

    thread_deed = event_deed;
    pthread_create(&thread, NULL, do_from_thread, NULL);
    for (int i = 0; i < 100000; i++) {
        if (strcmp(what, "client") == 0) {
            mosquitto_client(id);
        } else if (strcmp(what, "all") == 0) {
            mosquitto_apply_on_all_clients(visit, NULL);
        } else if (strcmp(what, "subscribe") == 0) {
            struct mosquitto_subscription subscription = {.clientid = (char *)id, .topic_filter = (char *)"x"};

            mosquitto_subscription_add(&subscription);
        } else if (strcmp(what, "unsubscribe") == 0) {
            mosquitto_subscription_delete(id, "x");
        } else if (strcmp(what, "will") == 0) {
            mosquitto_client_will_set("innocent", "will", 1, "w", 0, false, NULL);
        } else if (strcmp(what, "kick") == 0) {
            mosquitto_kick_client_by_clientid("nobody", false);
        } else if (strcmp(what, "rename") == 0) {
            mosquitto_set_clientid((struct mosquitto *)client, "another");
        } else if (strcmp(what, "certificate") == 0) {
            mosquitto_client_certificate(client);
        } else if (strcmp(what, "register") == 0) {
            mosquitto_callback_register(self, MOSQ_EVT_CONTROL, visit_control, "$CONTROL/more/v1", NULL);
            mosquitto_callback_unregister(self, MOSQ_EVT_CONTROL, visit_control, "$CONTROL/more/v1");
        } else if (strcmp(what, "publish") == 0) {
            mosquitto_broker_publish_copy(NULL, "round", 1, "x", 0, false, NULL);
            usleep(20);
        } else {
            mosquitto_log_printf(MOSQ_LOG_DEBUG, "round");
            usleep(20);
        }
    }
}

/* Does the deed if it is for this event and this client. */
static void at(const char *event, const char *who, const struct mosquitto *client)
{
    if (event_name == NULL || (who != NULL && strncmp(who, "bad", 3) != 0)) {
        return;
    }
    if (strcmp(event_name, event) == 0) {
        do_badly(event_deed);
    } else if (strcmp(event, "write") == 0 && strncmp(event_name, "ask-", 4) == 0) {
        ask_meanwhile(event_name + 4, client);
    }
}

static int on_access(int event, void *data, void *unused)
{
    struct mosquitto_evt_acl_check *check = data;
    const char *kind = check->access == MOSQ_ACL_WRITE ? "write"
        : check->access == MOSQ_ACL_READ ? "read" : check->access == MOSQ_ACL_SUBSCRIBE ? "may-subscribe"
        : "may-unsubscribe";

    (void)event;
    (void)unused;
    at(kind, mosquitto_client_id(check->client), check->client);
    if (strncmp(check->topic, "bad/", 4) == 0) {
        do_badly(check->topic + 4);
    }
    return strncmp(check->topic, "denied", 6) == 0 ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_SUCCESS;
}

static int on_login(int event, void *data, void *unused)
{
    struct mosquitto_evt_basic_auth *login = data;

    (void)event;
    (void)unused;
    at("login", mosquitto_client_id(login->client), login->client);
    if (login->username != NULL && strncmp(login->username, "bad/", 4) == 0) {
        do_badly(login->username + 4);
    }
    if (login->username != NULL && strcmp(login->username, "rename") == 0) {
        mosquitto_set_username(login->client, "renamed");
    }
    if (login->username != NULL && strcmp(login->username, "wrong") == 0) {
        return MOSQ_ERR_AUTH;
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_connect(int event, void *data, void *unused)
{
    struct mosquitto_evt_connect *connect = data;
    const char *id = mosquitto_client_id(connect->client);

    (void)event;
    (void)unused;
    at("connect", id, connect->client);
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC connect %s %s", id, mosquitto_client_username(connect->client));
    if (strncmp(id, "bad/", 4) == 0) {
        do_badly(id + 4);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_disconnect(int event, void *data, void *unused)
{
    struct mosquitto_evt_disconnect *disconnect = data;

    (void)event;
    (void)unused;
    at("disconnect", mosquitto_client_id(disconnect->client), disconnect->client);
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC disconnect %s", mosquitto_client_id(disconnect->client));
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *unused)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)unused;
    at(event == MOSQ_EVT_MESSAGE_IN ? "in" : "out", mosquitto_client_id(message->client), message->client);
    if (strncmp(message->topic, "in/bad/", 7) == 0 && event == MOSQ_EVT_MESSAGE_IN) {
        do_badly(message->topic + 7);
    } else if (strncmp(message->topic, "out/bad/", 8) == 0 && event == MOSQ_EVT_MESSAGE_OUT) {
        do_badly(message->topic + 8);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_filter(int event, void *data, void *unused)
{
    struct mosquitto_evt_subscribe *subscription = data;
    const char *filter = subscription->data.topic_filter;

    (void)unused;
    at(event == MOSQ_EVT_SUBSCRIBE ? "subscribe" : "unsubscribe", mosquitto_client_id(subscription->client),
       subscription->client);
    if (strncmp(filter, "sub/bad/", 8) == 0 && event == MOSQ_EVT_SUBSCRIBE) {
        do_badly(filter + 8);
    } else if (strncmp(filter, "unsub/bad/", 10) == 0 && event == MOSQ_EVT_UNSUBSCRIBE) {
        do_badly(filter + 10);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_control(int event, void *data, void *unused)
{
    struct mosquitto_evt_control *control = data;
    char deed[64] = "";

    (void)event;
    (void)unused;
    at("control", mosquitto_client_id(control->client), control->client);
    if (control->payloadlen < sizeof(deed)) {
        memcpy(deed, control->payload, control->payloadlen);
    }
    if (strncmp(deed, "bad/", 4) == 0) {
        do_badly(deed + 4);
    }
    mosquitto_broker_publish_copy(NULL, "controlled", 2, "ok", 0, false, NULL);
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *unused)
{
    (void)event;
    (void)data;
    (void)unused;
    at("tick", NULL, NULL);
    if (tick_deed != NULL) {
        do_badly(tick_deed);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_reload(int event, void *data, void *unused)
{
    (void)event;
    (void)data;
    (void)unused;
    at("reload", NULL, NULL);
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC reload");
    if (reload_deed != NULL) {
        do_badly(reload_deed);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_offline(int event, void *data, void *unused)
{
    struct mosquitto_evt_client_offline *offline = data;

    (void)event;
    (void)unused;
    at("offline", mosquitto_client_id(offline->client), offline->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_exchange(int event, void *data, void *unused)
{
    struct mosquitto_evt_extended_auth *auth = data;
    bool is_start = event == MOSQ_EVT_EXT_AUTH_START;

    (void)unused;
    if (is_start && strcmp(auth->auth_method, "TWO STEPS") != 0) {
        return MOSQ_ERR_PLUGIN_IGNORE;
    }
    at(is_start ? "start" : "continue", mosquitto_client_id(auth->client), auth->client);
    return is_start ? MOSQ_ERR_AUTH_CONTINUE : MOSQ_ERR_SUCCESS;
}

static int on_key(int event, void *data, void *unused)
{
    struct mosquitto_evt_psk_key *psk = data;

    (void)event;
    (void)unused;
    at("key", psk->identity, psk->client);
    snprintf(psk->key, (size_t)psk->max_key_len, "12345678");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    (void)count;
    (void)versions;
    return 5;
}

int mosquitto_plugin_init(mosquitto_plugin_id_t *identifier, void **user_data, struct mosquitto_opt *options,
                          int option_count)
{
    const char *init_deed = NULL;

    (void)user_data;
    self = identifier;
    for (int i = 0; i < option_count; i++) {
        if (strcmp(options[i].key, "init") == 0) {
            init_deed = options[i].value;
        } else if (strcmp(options[i].key, "tick") == 0) {
            tick_deed = options[i].value;
        } else if (strcmp(options[i].key, "reload") == 0) {
            reload_deed = options[i].value;
        } else if (strcmp(options[i].key, "cleanup") == 0) {
            cleanup_deed = options[i].value;
        } else if (strcmp(options[i].key, "once") == 0) {
            once_path = options[i].value;
        } else if (strcmp(options[i].key, "when") == 0) {
            when_path = options[i].value;
        } else if (strcmp(options[i].key, "event") == 0) {
            event_name = options[i].value;
        } else if (strcmp(options[i].key, "deed") == 0) {
            event_deed = options[i].value;
        }
    }
    mosquitto_plugin_set_info(self, "misbehave", "1");
    if (init_deed != NULL && strcmp(init_deed, "refuse") == 0) {
        return MOSQ_ERR_INVAL;
    }
    if (init_deed != NULL) {
        do_badly(init_deed);
    }
    mosquitto_callback_register(self, MOSQ_EVT_ACL_CHECK, on_access, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, on_login, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_CONNECT, on_connect, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_DISCONNECT, on_disconnect, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_CONTROL, on_control, "$CONTROL/misbehave/v1", NULL);
    mosquitto_callback_register(self, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_MESSAGE_OUT, on_message, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_SUBSCRIBE, on_filter, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_UNSUBSCRIBE, on_filter, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_RELOAD, on_reload, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_CLIENT_OFFLINE, on_offline, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_EXT_AUTH_START, on_exchange, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_EXT_AUTH_CONTINUE, on_exchange, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_PSK_KEY, on_key, NULL, NULL);
    mosquitto_callback_register(self, MOSQ_EVT_TICK, on_tick, NULL, NULL);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *user_data, struct mosquitto_opt *options, int option_count)
{
    (void)user_data;
    (void)options;
    (void)option_count;
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC cleanup");
    if (cleanup_deed != NULL) {
        do_badly(cleanup_deed);
    }
    return MOSQ_ERR_SUCCESS;
}
