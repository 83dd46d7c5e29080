/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that run one plugin each, and the memory they share with the broker. */
#ifndef BROKER_ISOLATION_SHIMS_H
#define BROKER_ISOLATION_SHIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes memory of `size` bytes, 0 at first, with a descriptor that exec closes, and maps it for reading
   and writing at `*address`, out of core files. Its size is sealed; with `closed`, no further writable
   mapping of it can be made either. Returns the descriptor, or -1 with errno. */
int broker_shared_memory_make(size_t size, bool closed, void **address);

/* Maps memory of a descriptor, out of core files and of children. NULL with errno on failure. */
void *broker_shared_memory_map(int descriptor, size_t size, bool writable);

/* Ends a mapping. */
void broker_shared_memory_unmap(void *address, size_t size);

/* Sleeps while the word is `value`, until somebody wakes it or the time is up; negative: no time. The
   word may be in memory that is shared with other processes, and that is only read here. */
void broker_word_wait(const void *word, uint32_t value, int64_t nanoseconds);

/* Wakes who sleeps on the word, in all processes. */
void broker_word_wake(const void *word);

/* Starts the program behind `executable`, in a process group of its own, with `arguments` and the
   caller's environment but for what a service manager tells its service. Standard input is /dev/null,
   standard output and standard error are `output`, and from 3 on the `count` descriptors. All signals
   have their default meaning there and none is blocked; SIGPIPE is ignored. Stores the process and a
   descriptor for it, which exec closes. Returns 0 or an errno. */
int broker_helper_spawn(int executable, char *const arguments[], int output, const int *descriptors,
                        size_t count, pid_t *process, int *process_descriptor);

/* How a process has ended: the signal that has killed it, or 0 and its status. */
struct broker_helper_end {
    int signal;
    int status;
    bool has_core;
};

/* Looks whether a process has ended, and takes leave of it then. */
bool broker_helper_reap(int process_descriptor, struct broker_helper_end *end);

/* Sends a signal to a process; to all of its group with SIGKILL. */
void broker_helper_signal(int process_descriptor, pid_t process, int signal);

/* Whether a debugger is attached to a process. */
bool broker_helper_is_traced(pid_t process);

/* Prepares this process to run a plugin: it ends with all of its process group when the thread that has
   started it does or nobody can read its standard output any more, unless its parent is not `parent`
   any more, which makes this return false; descriptors from `first_unknown` on
   are closed; it gains no privileges; the system rather ends it than others when memory is short;
   signals that end a broker do nothing. */
bool broker_helper_begin(pid_t parent, int first_unknown);

#endif
