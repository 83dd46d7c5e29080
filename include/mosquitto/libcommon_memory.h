/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that may change hands between broker and plugin. */
#ifndef MOSQUITTO_LIBCOMMON_MEMORY_H
#define MOSQUITTO_LIBCOMMON_MEMORY_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All of these are thin covers of the C library's allocator: memory from malloc may be given to
   mosquitto_free() and memory from here to free(). Whoever receives a pointer owns it until it
   frees it or hands it to a function whose description says that it takes ownership. */

/* Frees the memory p points to and sets p to NULL. */
#define mosquitto_FREE(p)        \
    do {                         \
        mosquitto_free((void *)(p)); \
        (p) = NULL;              \
    } while (0)

/* Allocates size bytes, not initialised. Returns memory owned by the caller, or NULL.
   [any thread] */
libmosqcommon_EXPORT void *mosquitto_malloc(size_t size);

/* Allocates nmemb objects of size bytes, all zero. Returns memory owned by the caller, or NULL.
   [any thread] */
libmosqcommon_EXPORT void *mosquitto_calloc(size_t nmemb, size_t size);

/* Changes the size of an allocation (ptr NULL: makes one). On success ptr is no longer valid
   and the result is owned by the caller; on failure the result is NULL and ptr stays as it was.
   [any thread] */
libmosqcommon_EXPORT void *mosquitto_realloc(void *ptr, size_t size);

/* Frees an allocation; NULL is allowed.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_free(void *mem);

/* Copies a string, which must not be NULL. Returns a copy owned by the caller, or NULL.
   [any thread] */
libmosqcommon_EXPORT char *mosquitto_strdup(const char *s);

/* Copies at most n bytes of a string and appends a NUL byte; s must not be NULL.
   Returns a copy owned by the caller, or NULL.
   [any thread] */
libmosqcommon_EXPORT char *mosquitto_strndup(const char *s, size_t n);

/* Limits what these functions may hold at one time, in bytes; 0 removes the limit.
   An allocation that would pass the limit returns NULL.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_memory_set_limit(size_t lim);

/* Returns the number of bytes allocated through these functions and not freed yet.
   [any thread] */
libmosqcommon_EXPORT unsigned long mosquitto_memory_used(void);

/* Returns the greatest value mosquitto_memory_used() has had.
   [any thread] */
libmosqcommon_EXPORT unsigned long mosquitto_max_memory_used(void);

#ifdef __cplusplus
}
#endif

#endif
