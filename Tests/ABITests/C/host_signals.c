/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that does with signals and processes what runtimes do. Options:
   handle init|later: a handler of its own for the broker's signals, from the start or from the first
   tick on, and a thread that unblocks them.
   On messages to fork, spawn and system it starts a process that prints its signals; on one to child a
   process that runs on in this program and waits for a signal. With DIRECT its callbacks are called
   on the broker's threads. */
#define _GNU_SOURCE
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)

extern char **environ;

static struct sigaction before[32];

static void on_signal(int number)
{
    const char line[] = "REC plugin got a signal\n";

    if (write(2, line, sizeof(line) - 1) < 0) {
        _exit(1);
    }
    /* A chain that is passed on, as well-behaved handlers do. */
    if (before[number].sa_handler != SIG_DFL && before[number].sa_handler != SIG_IGN) {
        before[number].sa_sigaction(number, NULL, NULL);
    }
}

static void unblock(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void *wait_for_ever(void *argument)
{
    unblock();
    for (;;) {
        pause();
    }
    return argument;
}

static void take_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    pthread_t thread;

    sigaction(SIGHUP, &action, &before[SIGHUP]);
    sigaction(SIGTERM, &action, &before[SIGTERM]);
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    pthread_detach(thread);
}

static void report(pid_t child, int status)
{
    RECORD("child %d", child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static int on_message(int event, void *data, void *userdata)
{
    static const char command[] = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"
                                  " | sed 's/^/REC /' >&2";
    static char *const arguments[] = {"sh", "-c", (char *)command, NULL};
    const struct mosquitto_evt_message *message = data;
    pid_t child = 0;
    int status = 0;

    (void)event;
    (void)userdata;
    if (strcmp(message->topic, "fork") == 0) {
        child = fork();
        if (child == 0) {
            execv("/bin/sh", arguments);
            _exit(127);
        }
        waitpid(child, &status, 0);
    } else if (strcmp(message->topic, "spawn") == 0) {
        if (posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0) {
            waitpid(child, &status, 0);
        }
    } else if (strcmp(message->topic, "system") == 0) {
        status = system(command);
        child = 1;
    } else if (strcmp(message->topic, "child") == 0) {
        child = fork();
        if (child == 0) {
            raise(SIGUSR1);
            _exit(7);
        }
        waitpid(child, &status, 0);
        RECORD("ended by %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        return MOSQ_ERR_SUCCESS;
    }
    report(child, status);
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *userdata)
{
    static bool is_done;

    (void)event;
    (void)data;
    (void)userdata;
    if (!is_done) {
        is_done = true;
        take_signals();
        RECORD("took signals");
    }
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

#ifdef DIRECT
int mosquitto_plugin_thread_safe(void)
{
    return MOSQ_PLUGIN_THREAD_SAFE;
}
#endif

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "handle") != 0) {
            continue;
        }
        if (strcmp(options[i].value, "init") == 0) {
            take_signals();
        } else {
            mosquitto_callback_register(identifier, MOSQ_EVT_TICK, on_tick, NULL, NULL);
        }
    }
    return mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}
