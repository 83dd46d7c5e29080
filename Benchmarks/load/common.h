/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs in C that load a broker share. */
#ifndef LOAD_COMMON_H
#define LOAD_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Ends with the reason of the system. */
static void stop(const char *reason)
{
    perror(reason);
    exit(1);
}

/* Nanoseconds of a clock that only goes forward. */
static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

#endif
