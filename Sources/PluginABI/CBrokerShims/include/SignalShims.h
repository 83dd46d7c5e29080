/* SPDX-License-Identifier: Apache-2.0 */
/* Signals of the process: noted for the broker, and passed on to handlers of plugins. */
#ifndef BROKER_SIGNAL_SHIMS_H
#define BROKER_SIGNAL_SHIMS_H

#include <stdbool.h>
#include <stddef.h>

/* Installs the broker's handler for each of these signals, numbers 1 to 64. A signal that reaches a
   thread is noted from then on, and `descriptor`, an eventfd, is written to. SIGPIPE, unless it is
   ignored, is made to do nothing. No process that is started from now on inherits any of it. Returns
   0 or an errno. Once per process, on its first thread. */
int broker_signals_install(const int *numbers, size_t count, int descriptor);

/* Opens a descriptor that is readable while one of the signals is pending: while it has been sent and
   all threads block it. Returns it, or -1 with errno. Once. */
int broker_signals_open(void);

/* The lowest number that has been noted, which is noted no longer, else one that is pending; handlers
   of others have been called then. 0 for none. One thread, which blocks the signals. */
int broker_signals_take(void);

/* Whether a signal has been noted and not been taken. Any thread. */
bool broker_signals_are_noted(int number);

/* Blocks the signals that were installed, and SIGPIPE, on the calling thread. */
void broker_signals_block(void);

/* Unblocks them again on the calling thread, as far as the process was not started with them
   blocked. */
void broker_signals_restore_mask(void);

/* Puts the broker's handler back where somebody else's stands, and remembers that one: it is called
   after the broker's from now on. One thread at a time. */
void broker_signals_retake(void);

/* Nobody else's handler is called any more. */
void broker_signals_forget_others(void);

#endif
