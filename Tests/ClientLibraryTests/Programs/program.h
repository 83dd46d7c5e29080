/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs have in common: their arguments, and an end with words when something is not as it should be. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the program unless the condition holds. */
#define EXPECT(condition)                                                         \
    do {                                                                          \
        if (!(condition)) {                                                       \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                              \
        }                                                                         \
    } while (0)

/* Ends the program unless the call returns 0. */
#define DO(call)                                                                                  \
    do {                                                                                          \
        int result_ = (call);                                                                     \
        if (result_ != MOSQ_ERR_SUCCESS) {                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, mosquitto_strerror(result_)); \
            exit(1);                                                                              \
        }                                                                                         \
    } while (0)

/* The arguments: PROGRAM HOST PORT [FOLDER]. */
static const char *host;
static int port;
static const char *folder;

/* Reads the arguments; a program that hangs is ended by the alarm. */
static inline void begin(int argc, char *argv[])
{
    const char *seconds = getenv("PROGRAM_SECONDS");

    EXPECT(argc >= 3);
    host = argv[1];
    port = atoi(argv[2]);
    folder = argc > 3 ? argv[3] : ".";
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(seconds ? (unsigned)atoi(seconds) : 30);
    DO(mosquitto_lib_init());
}

/* A file in the folder of the arguments; good until the next call but three. */
static inline const char *file_in_folder(const char *name)
{
    static char paths[4][1024];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* Makes a handle. */
static inline struct mosquitto *new_client(const char *id, void *data)
{
    struct mosquitto *client = mosquitto_new(id, true, data);

    EXPECT(client != NULL);
    return client;
}

/* The end of a program in which all went well. */
static inline int end(void)
{
    (void)folder;
    DO(mosquitto_lib_cleanup());
    puts("done");
    return 0;
}

#endif
