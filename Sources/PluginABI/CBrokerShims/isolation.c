/* SPDX-License-Identifier: Apache-2.0 */
/* System calls for processes that run one plugin each. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "IsolationShims.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* Descriptors of a helper are put together above this number first. */
enum { DESCRIPTORS_APART = 512 };
/* Bytes of stack of a thread that only waits. */
enum { WATCH_STACK = 256 << 10 };
/* The signal that tells a helper of the end of the broker, counted from SIGRTMIN. */
enum { BROKER_END = 9 };

int broker_shared_memory_make(size_t size, bool closed, void **address)
{
    int descriptor = memfd_create("mosquitto-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | (closed ? F_SEAL_FUTURE_WRITE : 0) | F_SEAL_SEAL;

    if (descriptor < 0) {
        return -1;
    }
    *address = MAP_FAILED;
    if (ftruncate(descriptor, (off_t)size) == 0) {
        *address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    }
    if (*address == MAP_FAILED || fcntl(descriptor, F_ADD_SEALS, seals) != 0) {
        int code = errno;

        if (*address != MAP_FAILED) {
            munmap(*address, size);
        }
        close(descriptor);
        errno = code;
        return -1;
    }
    (void)madvise(*address, size, MADV_DONTDUMP);
    return descriptor;
}

void *broker_shared_memory_map(int descriptor, size_t size, bool writable)
{
    int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    void *address = mmap(NULL, size, protection, MAP_SHARED, descriptor, 0);

    if (address == MAP_FAILED) {
        return NULL;
    }
    (void)madvise(address, size, MADV_DONTDUMP);
    (void)madvise(address, size, MADV_DONTFORK);
    return address;
}

void broker_shared_memory_unmap(void *address, size_t size)
{
    (void)munmap(address, size);
}

void broker_word_wait(const void *word, uint32_t value, int64_t nanoseconds)
{
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};

    (void)syscall(SYS_futex, word, FUTEX_WAIT, value, nanoseconds < 0 ? NULL : &time, NULL, 0);
}

void broker_word_wake(const void *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, 0x7fffffff, NULL, NULL, 0);
}

/* Whether a variable is meant for the service that a service manager has started alone. */
static bool is_for_service(const char *variable)
{
    static const char *const names[] = {"NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=", "LISTEN_PID=",
                                        "LISTEN_FDS=", "LISTEN_FDNAMES="};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strncmp(variable, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The environment of a helper; its strings are this process's own. */
static char **helper_environment(void)
{
    size_t count = 0, kept = 0;

    while (environ[count] != NULL) {
        count++;
    }
    char **result = calloc(count + 1, sizeof(char *));
    if (result == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_for_service(environ[i])) {
            result[kept++] = environ[i];
        }
    }
    return result;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int code;

    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGPIPE);
    code = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                                    | POSIX_SPAWN_SETSIGDEF);
    code = code != 0 ? code : posix_spawnattr_setpgroup(attributes, 0);
    code = code != 0 ? code : posix_spawnattr_setsigmask(attributes, &none);
    return code != 0 ? code : posix_spawnattr_setsigdefault(attributes, &all);
}

static int set_descriptors(posix_spawn_file_actions_t *actions, int output, const int *apart, size_t count)
{
    int code = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    code = code != 0 ? code : posix_spawn_file_actions_adddup2(actions, output, 1);
    code = code != 0 ? code : posix_spawn_file_actions_adddup2(actions, output, 2);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = posix_spawn_file_actions_adddup2(actions, apart[i], 3 + (int)i);
    }
    return code;
}

static int spawn_apart(int executable, char *const arguments[], const int *apart, size_t count, pid_t *process)
{
    char path[64];
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    char **environment = helper_environment();
    int code = environment == NULL ? ENOMEM : posix_spawnattr_init(&attributes);

    if (code != 0) {
        free(environment);
        return code;
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", executable);
    code = posix_spawn_file_actions_init(&actions);
    if (code == 0) {
        code = set_attributes(&attributes);
        code = code != 0 ? code : set_descriptors(&actions, apart[0], apart + 1, count - 1);
        code = code != 0 ? code : posix_spawn(process, path, &actions, &attributes, arguments, environment);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)posix_spawnattr_destroy(&attributes);
    free(environment);
    return code;
}

int broker_helper_spawn(int executable, char *const arguments[], int output, const int *descriptors,
                        size_t count, pid_t *process, int *process_descriptor)
{
    int *apart = calloc(count + 1, sizeof(int));
    size_t made = 0;
    int code = apart == NULL ? ENOMEM : 0;

    for (; code == 0 && made <= count; made++) {
        int source = made == 0 ? output : descriptors[made - 1];

        apart[made] = fcntl(source, F_DUPFD_CLOEXEC, DESCRIPTORS_APART);
        if (apart[made] < 0) {
            code = errno;
            break;
        }
    }
    if (code == 0) {
        code = spawn_apart(executable, arguments, apart, count + 1, process);
    }
    for (size_t i = 0; i < made; i++) {
        close(apart[i]);
    }
    free(apart);
    if (code != 0) {
        return code;
    }
    /* Nobody has taken leave of the process yet, so its number is its own. */
    *process_descriptor = (int)syscall(SYS_pidfd_open, *process, 0);
    if (*process_descriptor < 0) {
        code = errno;
        (void)kill(*process, SIGKILL);
        (void)waitpid(*process, NULL, 0);
        return code;
    }
    return 0;
}

bool broker_helper_reap(int process_descriptor, struct broker_helper_end *end)
{
    siginfo_t info;

    memset(&info, 0, sizeof(info));
    memset(end, 0, sizeof(*end));
    if (waitid((idtype_t)P_PIDFD, (id_t)process_descriptor, &info, WEXITED | WNOHANG) != 0) {
        /* Somebody else has waited for it. */
        return errno == ECHILD;
    }
    if (info.si_pid == 0) {
        return false;
    }
    if (info.si_code == CLD_EXITED) {
        end->status = info.si_status;
    } else {
        end->signal = info.si_status;
        end->has_core = info.si_code == CLD_DUMPED;
    }
    return true;
}

void broker_helper_signal(int process_descriptor, pid_t process, int signal)
{
    if (signal == SIGKILL) {
        (void)kill(-process, SIGKILL);
    }
    (void)syscall(SYS_pidfd_send_signal, process_descriptor, signal, NULL, 0);
}

bool broker_helper_is_traced(pid_t process)
{
    char path[64], line[256];
    bool is_traced = false;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)process);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "TracerPid:", 10) == 0) {
            is_traced = atoi(line + 10) != 0;
            break;
        }
    }
    (void)fclose(file);
    return is_traced;
}

static const int ineffective[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

static void nothing(int number)
{
    (void)number;
}

/* With the broker, the helper ends, and with it what the plugin has started. */
static void end_all(int number)
{
    (void)number;
    (void)kill(0, SIGKILL);
}

/* In a child that the plugin has forked: signals are as they are usual. */
static void leave_to_child(void)
{
    struct sigaction there;

    for (int number = 1; number <= SIGRTMAX; number++) {
        if (sigaction(number, NULL, &there) == 0 && (there.sa_flags & SA_SIGINFO) == 0
            && (there.sa_handler == nothing || there.sa_handler == end_all)) {
            (void)signal(number, SIG_DFL);
        }
    }
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    (void)sigaction(number, &action, NULL);
}

/* Handlers and not SIG_IGN: programs that the plugin starts have the signals as they are usual. */
static void let_signals_do_nothing(void)
{
    struct sigaction pipe;

    for (size_t i = 0; i < sizeof(ineffective) / sizeof(ineffective[0]); i++) {
        handle(ineffective[i], nothing);
    }
    handle(SIGRTMIN, nothing);
    if (sigaction(SIGPIPE, NULL, &pipe) == 0 && pipe.sa_handler != SIG_IGN) {
        handle(SIGPIPE, nothing);
    }
    (void)pthread_atfork(NULL, NULL, leave_to_child);
}

/* Waits until nobody can read what the process writes: the broker is gone. */
static void *wait_for_end(void *argument)
{
    struct pollfd output = {(int)(intptr_t)argument, 0, 0};

    while (poll(&output, 1, -1) < 0 || (output.revents & (POLLERR | POLLNVAL)) == 0) {
    }
    if ((output.revents & POLLERR) != 0) {
        end_all(0);
    }
    return NULL;
}

/* A thread that no signal and no callback keeps from it. */
static bool watch_broker(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, DESCRIPTORS_APART);
    bool is_begun;

    if (output < 0) {
        output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    if (output < 0 || pthread_attr_init(&attributes) != 0) {
        return false;
    }
    sigfillset(&all);
    (void)pthread_attr_setstacksize(&attributes, WATCH_STACK);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    is_begun = pthread_create(&thread, &attributes, wait_for_end, (void *)(intptr_t)output) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (is_begun) {
        (void)pthread_setname_np(thread, "broker-watch");
    }
    (void)pthread_attr_destroy(&attributes);
    return is_begun;
}

bool broker_helper_begin(pid_t parent, int first_unknown)
{
    static const char *const score = "500";
    int descriptor;

    let_signals_do_nothing();
    handle(SIGRTMIN + BROKER_END, end_all);
    if (prctl(PR_SET_PDEATHSIG, SIGRTMIN + BROKER_END) != 0 || getppid() != parent) {
        return false;
    }
    (void)close_range((unsigned int)first_unknown, ~0U, 0);
    if (!watch_broker()) {
        return false;
    }
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "plugin-host");
    descriptor = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        ssize_t ignored = write(descriptor, score, strlen(score));
        (void)ignored;
        close(descriptor);
    }
    return true;
}
