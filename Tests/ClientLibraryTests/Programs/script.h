/* SPDX-License-Identifier: Apache-2.0 */
/* A server that says what a program wants it to say, in the same thread as the client, and each thread with its own:
   while the server waits for bytes, the client's loop runs. Bytes are written in hexadecimal digits, with blanks
   wherever they help. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "program.h"

/* CONNECT of the client "c" with a clean session and a keep alive of 60, and its answers. */
#define CONNECT311 "100d 0004 4d515454 04 02 003c 0001 63"
#define CONNECT5 "1011 0004 4d515454 05 02 003c 03 210014 0001 63"
#define CONNACK311 "2002 0000"
#define CONNACK5 "2003 0000 00"

static __thread int script_listener = -1, script_port, script_peer = -1;
/* What the client's loop has returned, if that was not 0. */
static __thread int script_result;

/* Opens the server's port. */
static inline void script_open(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    script_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT(script_listener >= 0);
    EXPECT(bind(script_listener, (struct sockaddr *)&address, length) == 0);
    EXPECT(listen(script_listener, 100) == 0);
    EXPECT(getsockname(script_listener, (struct sockaddr *)&address, &length) == 0);
    script_port = ntohs(address.sin_port);
}

/* Writes the bytes that hexadecimal digits stand for; returns how many. */
static inline size_t script_bytes(const char *digits, unsigned char *bytes)
{
    size_t count = 0;

    while (*digits) {
        unsigned value;

        if (*digits == ' ') {
            digits++;
            continue;
        }
        EXPECT(sscanf(digits, "%2x", &value) == 1);
        bytes[count++] = (unsigned char)value;
        digits += 2;
    }
    return count;
}

static inline long script_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs the client's loop once, if there is a client. */
static inline void script_turn(struct mosquitto *client, int milliseconds)
{
    int result;

    if (!client) {
        poll(NULL, 0, milliseconds);
        return;
    }
    result = mosquitto_loop(client, milliseconds, 1);
    if (result != 0) {
        if (script_result == 0) script_result = result;
        poll(NULL, 0, 1);
    }
}

/* Waits until the client has connected. */
static inline void script_accept(struct mosquitto *client)
{
    struct pollfd entry = {script_listener, POLLIN, 0};
    long until = script_now() + 10000;

    while (poll(&entry, 1, 0) == 0) {
        EXPECT(script_now() < until);
        script_turn(client, 10);
    }
    if (script_peer >= 0) close(script_peer);
    script_peer = accept(script_listener, NULL, NULL);
    EXPECT(script_peer >= 0);
}

/* The server sends bytes. */
static inline void script_say(const char *digits)
{
    unsigned char bytes[4096];
    size_t count = script_bytes(digits, bytes);

    EXPECT(send(script_peer, bytes, count, MSG_NOSIGNAL) == (ssize_t)count);
}

/* Reads up to so many bytes of the client; fewer if the connection ends. */
static inline size_t script_read(struct mosquitto *client, unsigned char *bytes, size_t count)
{
    size_t found = 0;
    long until = script_now() + 10000;

    while (found < count) {
        struct pollfd entry = {script_peer, POLLIN, 0};
        ssize_t some;

        if (poll(&entry, 1, 0) == 0) {
            EXPECT(script_now() < until);
            script_turn(client, 10);
            continue;
        }
        some = recv(script_peer, bytes + found, count - found, 0);
        if (some <= 0) break;
        found += (size_t)some;
    }
    return found;
}

/* The client is to send exactly these bytes next; else the line is told. */
static inline int script_hear_at(int line, struct mosquitto *client, const char *digits)
{
    unsigned char expected[4096], found[4096];
    size_t count = script_bytes(digits, expected), read = script_read(client, found, count), i;

    if (read == count && memcmp(expected, found, count) == 0) return 1;
    printf("line %d: not %s but", line, digits);
    for (i = 0; i < read; i++) printf(" %02x", found[i]);
    printf("\n");
    return 0;
}
#define HEAR(client, digits) script_hear_at(__LINE__, client, digits)

/* Whether the client sends nothing for a while. */
static inline int script_is_silent(struct mosquitto *client, int milliseconds)
{
    struct pollfd entry = {script_peer, POLLIN, 0};
    long until = script_now() + milliseconds;

    while (script_now() < until) {
        if (poll(&entry, 1, 0) != 0) return 0;
        script_turn(client, 5);
    }
    return 1;
}

/* The client is to end the connection, having said nothing more. */
static inline int script_hear_end_at(int line, struct mosquitto *client)
{
    unsigned char byte;

    if (script_read(client, &byte, 1) == 0) return 1;
    printf("line %d: not the end but %02x\n", line, byte);
    return 0;
}
#define HEAR_END(client) script_hear_end_at(__LINE__, client)

/* The server cuts the connection. */
static inline void script_cut(void)
{
    close(script_peer);
    script_peer = -1;
}

#endif
