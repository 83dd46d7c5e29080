/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks of the broker. */
#ifndef MOSQUITTO_LIBCOMMON_TIME_H
#define MOSQUITTO_LIBCOMMON_TIME_H

#include <time.h>

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Chooses the clock of mosquitto_time(): the one that counts sleep as well, where there is one.
   The broker calls it once at its start.
   [main] */
libmosqcommon_EXPORT void mosquitto_time_init(void);

/* Returns seconds of a clock that never goes back; its zero has no meaning.
   [any thread] */
libmosqcommon_EXPORT time_t mosquitto_time(void);

/* Stores the wall clock: seconds since 1970 and nanoseconds of the running second.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_time_ns(time_t *s, long *ns);

/* Compares two times. Returns a number less than, equal to or greater than zero: the difference
   of the seconds, or that of the nanoseconds when the seconds are equal.
   [any thread] */
libmosqcommon_EXPORT long mosquitto_time_cmp(time_t t1_s, long t1_ns, time_t t2_s, long t2_ns);

#ifdef __cplusplus
}
#endif

#endif
