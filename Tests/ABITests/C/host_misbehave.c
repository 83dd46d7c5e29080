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
#include <sys/wait.h>
#include <unistd.h>

#include <mosquitto.h>

/* More than the memory limit of the tests. */
enum { LEAKED = 80 << 20 };

static mosquitto_plugin_id_t *self;
static const char *tick_deed, *reload_deed, *cleanup_deed, *once_path;

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

static void wait_for_ever(void)
{
    for (;;) {
        pause();
    }
}

static void do_badly(const char *deed)
{
    pthread_t thread;

    if (once_path != NULL && access(once_path, F_OK) == 0) {
        return;
    }
    if (once_path != NULL) {
        fclose(fopen(once_path, "w"));
    }
    fprintf(stderr, "now: %s\n", deed);
    if (strcmp(deed, "null") == 0) {
        crash(NULL);
    } else if (strcmp(deed, "abort") == 0) {
        abort();
    } else if (strcmp(deed, "exit") == 0) {
        exit(0);
    } else if (strcmp(deed, "_exit") == 0) {
        _exit(7);
    } else if (strcmp(deed, "stack") == 0) {
        overflow(NULL, 1u << 24);
    } else if (strcmp(deed, "thread") == 0) {
        pthread_create(&thread, NULL, crash, NULL);
        wait_for_ever();
    } else if (strcmp(deed, "kill") == 0) {
        kill(getpid(), SIGKILL);
        wait_for_ever();
    } else if (strcmp(deed, "pause") == 0) {
        wait_for_ever();
    } else if (strcmp(deed, "loop") == 0) {
        for (volatile int turn = 0;; turn++) {
        }
    } else if (strcmp(deed, "stop") == 0) {
        kill(getpid(), SIGSTOP);
    } else if (strcmp(deed, "close") == 0) {
        for (int descriptor = 3; descriptor < 256; descriptor++) {
            close(descriptor);
        }
    } else if (strcmp(deed, "scribble") == 0) {
        scribble(0);
    } else if (strcmp(deed, "random") == 0) {
        scribble(1);
        wait_for_ever();
    } else if (strcmp(deed, "leak") == 0) {
        char *leaked = malloc(LEAKED);

        if (leaked != NULL) {
            memset(leaked, 1, LEAKED);
        }
    } else if (strcmp(deed, "fork") == 0) {
        if (fork() == 0) {
            wait_for_ever();
        }
    } else if (strcmp(deed, "forkreturn") == 0) {
        fork();
    } else if (strcmp(deed, "system") == 0) {
        if (system("true") != 0) {
            abort();
        }
    } else if (strcmp(deed, "terms") == 0) {
        kill(getpid(), SIGTERM);
        kill(getpid(), SIGHUP);
        kill(getpid(), SIGINT);
    }
}

static int on_access(int event, void *data, void *unused)
{
    struct mosquitto_evt_acl_check *check = data;

    (void)event;
    (void)unused;
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
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC disconnect %s", mosquitto_client_id(disconnect->client));
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *unused)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)unused;
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
    mosquitto_log_printf(MOSQ_LOG_NOTICE, "REC reload");
    if (reload_deed != NULL) {
        do_badly(reload_deed);
    }
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
