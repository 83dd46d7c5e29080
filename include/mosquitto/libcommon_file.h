/* SPDX-License-Identifier: Apache-2.0 */
/* Files: careful opening, reading lines, replacing a file in one step. */
#ifndef MOSQUITTO_LIBCOMMON_FILE_H
#define MOSQUITTO_LIBCOMMON_FILE_H

#include <stdio.h>

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a regular file. With restrict_read the file is meant for its owner alone: symbolic links
   are refused (unless MOSQUITTO_UNSAFE_ALLOW_SYMLINKS is in the environment), mode "w" fails if
   the file exists, new files get permission 0600, and a file others can read is complained about
   through libcommon_printf(). path and mode are only read. Returns a stream the caller closes
   with fclose(), or NULL with errno set.
   [any thread] */
libmosqcommon_EXPORT FILE *mosquitto_fopen(const char *path, const char *mode, bool restrict_read);

/* Reads one whole line, its newline included. *buf holds *buflen bytes from the malloc family
   and is made larger as needed; the caller keeps owning it. Returns *buf, or NULL at the end of
   the file, on an error, and for a line with a NUL byte in it.
   [any thread] */
libmosqcommon_EXPORT char *mosquitto_fgets(char **buf, int *buflen, FILE *stream);

/* Cuts white space off both ends of a string, in place. Returns a pointer into str that is valid
   as long as str is; NULL gives NULL.
   [any thread] */
libmosqcommon_EXPORT char *mosquitto_trimblanks(char *str);

/* Reads a whole file. *buf becomes *buflen bytes and a NUL byte, owned by the caller
   (mosquitto_free()); an empty file gives success and NULL. restrict_read as in
   mosquitto_fopen(). Returns 0, MOSQ_ERR_INVAL (too large or short read), MOSQ_ERR_NOMEM, or
   MOSQ_ERR_ERRNO when the file cannot be opened.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_read_file(
    const char *file, bool restrict_read, char **buf, size_t *buflen);

/* Replaces a file in one step: write_fn writes to "<target_path>.new", which is flushed to disk
   and renamed. The stream is only valid during write_fn, which returns 0 for success;
   user_data is passed through; log_fn (may be NULL) receives a text, valid during its call, for
   each failure. A failure leaves the target as it was and no temporary file. Returns 0,
   MOSQ_ERR_INVAL or MOSQ_ERR_ERRNO.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_write_file(
    const char *target_path,
    bool restrict_read,
    int (*write_fn)(FILE *fptr, void *user_data),
    void *user_data,
    void (*log_fn)(const char *msg));

#ifdef __cplusplus
}
#endif

#endif
