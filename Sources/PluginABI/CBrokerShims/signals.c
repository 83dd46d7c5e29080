/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the process: noted for the broker, and passed on to handlers of plugins. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "SignalShims.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* More signals than the broker knows, and more handlers than plugins have for one of them. */
enum { PLACE_COUNT_MAX = 8, OTHER_COUNT_MAX = 8 };

/* A signal, what was done about it at the start, and the handlers others have installed since. */
struct place {
    int number;
    struct sigaction initial;
    struct sigaction others[OTHER_COUNT_MAX];
    atomic_size_t other_count;
};

static struct place places[PLACE_COUNT_MAX];
static size_t place_count;
/* All signals that have a place, and those of them that were not blocked at the start. */
static sigset_t own;
static sigset_t accepted;
static int wake_descriptor = -1;
static int pending_descriptor = -1;
/* One bit for each number, the lowest for 1. */
static _Atomic uint64_t noted;
/* A handler that calls the one it has replaced must not be called again by that. */
static _Thread_local volatile sig_atomic_t is_passing_on;
/* What the thread sends itself has been taken already. */
static _Thread_local volatile sig_atomic_t is_relaying;

static uint64_t bit_of(int number)
{
    assert(number >= 1 && number <= 64);
    return UINT64_C(1) << (number - 1);
}

static void note(int number)
{
    const uint64_t one = 1;

    atomic_fetch_or(&noted, bit_of(number));
    /* A counter that is full wakes the reader as well. */
    if (write(wake_descriptor, &one, sizeof(one)) < 0) {
        return;
    }
}

static void pass_on(const struct place *place, int number, siginfo_t *info, void *context)
{
    size_t count = atomic_load(&place->other_count);

    is_passing_on = 1;
    for (size_t i = 0; i < count; i++) {
        const struct sigaction *other = &place->others[i];
        if ((other->sa_flags & SA_SIGINFO) != 0) {
            other->sa_sigaction(number, info, context);
        } else {
            other->sa_handler(number);
        }
    }
    is_passing_on = 0;
}

static void handle(int number, siginfo_t *info, void *context)
{
    int error = errno;
    /* Handlers that pass a signal on to the one they have replaced may have no information. */
    bool is_relayed = is_relaying != 0 && info != NULL && info->si_code == SI_TKILL
        && info->si_pid == getpid();

    for (size_t i = 0; i < place_count && is_passing_on == 0; i++) {
        if (places[i].number == number) {
            if (number != SIGPIPE && !is_relayed) {
                note(number);
            }
            pass_on(&places[i], number, info, context);
        }
    }
    errno = error;
}

/* On the stack that the thread has for signals, if it has one: runtimes with small stacks of their
   own demand that. All other signals wait, as their handlers may demand. */
static struct sigaction ours(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    return action;
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0 && action->sa_sigaction == handle;
}

static bool is_function(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) != 0
        || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* In a child that fork(2) has made: its signals are none of the broker's. It has the handler that a
   plugin has installed last, else what the broker was started with; and where a thread of the
   broker has forked, the mask of then. */
static void leave_to_child(void)
{
    sigset_t mask;

    for (size_t i = 0; i < place_count; i++) {
        const struct place *place = &places[i];
        size_t count = atomic_load(&place->other_count);
        sigaction(place->number, count > 0 ? &place->others[count - 1] : &place->initial, NULL);
    }
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (size_t i = 0; i < place_count; i++) {
        if (sigismember(&mask, places[i].number) == 0) {
            return;
        }
    }
    broker_signals_restore_mask();
}

static int install(int number)
{
    struct place *place = &places[place_count];
    struct sigaction action = ours();
    sigset_t mask;

    place->number = number;
    sigaddset(&own, number);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    if (sigismember(&mask, number) == 0) {
        sigaddset(&accepted, number);
    }
    /* First, since the signal may come at once. */
    place_count++;
    return sigaction(number, &action, &place->initial) == 0 ? 0 : errno;
}

int broker_signals_install(const int *numbers, size_t count, int descriptor)
{
    struct sigaction pipe;

    assert(place_count == 0 && count < PLACE_COUNT_MAX);
    wake_descriptor = descriptor;
    sigemptyset(&own);
    sigemptyset(&accepted);
    for (size_t i = 0; i < count; i++) {
        int code = install(numbers[i]);
        if (code != 0) {
            return code;
        }
    }
    if (sigaction(SIGPIPE, NULL, &pipe) == 0 && pipe.sa_handler != SIG_IGN) {
        int code = install(SIGPIPE);
        if (code != 0) {
            return code;
        }
    }
    return pthread_atfork(NULL, NULL, leave_to_child);
}

int broker_signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < place_count; i++) {
        if (places[i].number != SIGPIPE) {
            sigaddset(&set, places[i].number);
        }
    }
    pending_descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return pending_descriptor;
}

/* Shows a signal that no handler has seen to the handlers of others. */
static void relay(int number)
{
    struct sigaction there;
    sigset_t set;
    bool is_wanted = false;

    for (size_t i = 0; i < place_count; i++) {
        is_wanted = is_wanted
            || (places[i].number == number && atomic_load(&places[i].other_count) > 0);
    }
    /* Somebody may have put the default back a moment ago, which ends the process. */
    if (!is_wanted || sigaction(number, NULL, &there) != 0 || !is_function(&there)) {
        return;
    }
    sigemptyset(&set);
    sigaddset(&set, number);
    is_relaying = 1;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    is_relaying = 0;
}

int broker_signals_take(void)
{
    struct signalfd_siginfo info;
    uint64_t bits;
    uint64_t count;

    if (read(wake_descriptor, &count, sizeof(count)) > 0 || atomic_load(&noted) != 0) {
        while ((bits = atomic_load(&noted)) != 0) {
            int number = __builtin_ctzll(bits) + 1;
            if ((atomic_fetch_and(&noted, ~bit_of(number)) & bit_of(number)) != 0) {
                return number;
            }
        }
    }
    if (read(pending_descriptor, &info, sizeof(info)) != sizeof(info)) {
        return 0;
    }
    relay((int)info.ssi_signo);
    return (int)info.ssi_signo;
}

bool broker_signals_are_noted(int number)
{
    return (atomic_load(&noted) & bit_of(number)) != 0;
}

void broker_signals_block(void)
{
    pthread_sigmask(SIG_BLOCK, &own, NULL);
}

void broker_signals_restore_mask(void)
{
    pthread_sigmask(SIG_UNBLOCK, &accepted, NULL);
}

static void remember(struct place *place, const struct sigaction *other)
{
    size_t count = atomic_load(&place->other_count);

    for (size_t i = 0; i < count; i++) {
        if (place->others[i].sa_sigaction == other->sa_sigaction) {
            return;
        }
    }
    if (count < OTHER_COUNT_MAX) {
        place->others[count] = *other;
        atomic_store(&place->other_count, count + 1);
    }
}

void broker_signals_retake(void)
{
    struct sigaction action = ours();
    struct sigaction there;

    for (size_t i = 0; i < place_count; i++) {
        if (sigaction(places[i].number, NULL, &there) != 0 || is_ours(&there)) {
            continue;
        }
        /* Swapped, so that one which came in between is not lost. */
        if (sigaction(places[i].number, &action, &there) == 0 && !is_ours(&there)
            && is_function(&there)) {
            remember(&places[i], &there);
        }
    }
}

void broker_signals_forget_others(void)
{
    for (size_t i = 0; i < place_count; i++) {
        atomic_store(&places[i].other_count, 0);
    }
}
