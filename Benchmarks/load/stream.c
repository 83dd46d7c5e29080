/* SPDX-License-Identifier: Apache-2.0 */
/* One publisher and one subscriber with QoS 0: how many messages get through, and how long does each take?
 *   cc -O2 Benchmarks/load/stream.c -o stream
 *   stream PORT MESSAGES BYTES WINDOW
 * prints
 *   MESSAGES_PER_SECOND P50 P99 (in microseconds)
 * The publisher is at most WINDOW messages ahead of the subscriber. Exits non-zero if a message is lost.
 */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STALL = 20000, HEADER = 5, TOPIC = 8, BATCH = 1 << 18 };

static uint32_t *samples;
static uint8_t out[BATCH + (1 << 17)], in[1 << 20];

static int come_in(int port, char name)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    uint8_t greeting[] = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, (uint8_t)name};
    uint8_t answer[4];
    int yes = 1, descriptor = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) stop("connect");
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (send(descriptor, greeting, sizeof(greeting), 0) != sizeof(greeting)) stop("send");
    if (recv(descriptor, answer, 4, MSG_WAITALL) != 4 || answer[3] != 0) stop("CONNACK");
    return descriptor;
}

/* PUBLISH with the time in front of the payload; returns its length. The remaining length always has four bytes. */
static size_t put(uint8_t *place, size_t size)
{
    size_t length = 2 + TOPIC + size;
    int64_t time = now();

    place[0] = 0x30;
    for (int index = 1; index < HEADER; index++, length >>= 7) place[index] = (uint8_t)((length & 127) | (index < 4 ? 128 : 0));
    memcpy(place + HEADER, "\0\10stream/1", 2 + TOPIC);
    memcpy(place + HEADER + 2 + TOPIC, &time, sizeof(time));
    return HEADER + 2 + TOPIC + size;
}

static int compare(const void *left, const void *right)
{
    uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;
    return one < other ? -1 : one > other;
}

/* Takes whole packets out of what has come; returns the bytes that are left. */
static size_t take(size_t have, size_t *received)
{
    size_t start = 0;

    for (;;) {
        size_t length = 0, offset = 1;
        int shift = 0;
        do {
            if (start + offset >= have) goto end;
            length |= (size_t)(in[start + offset] & 127) << shift;
            shift += 7;
        } while (in[start + offset++] & 128);
        if (start + offset + length > have) goto end;
        if (in[start] >> 4 == 3) {
            int64_t time;
            memcpy(&time, in + start + offset + 2 + TOPIC, sizeof(time));
            samples[(*received)++] = (uint32_t)((now() - time) / 100);
        }
        start += offset + length;
    }
end:
    memmove(in, in + start, have - start);
    return have - start;
}

int main(int count, char **words)
{
    if (count != 5) return 2;
    size_t messages = (size_t)atol(words[2]), size = (size_t)atol(words[3]), window = (size_t)atol(words[4]);
    int subscriber = come_in(atoi(words[1]), 's'), publisher = come_in(atoi(words[1]), 'p');
    const uint8_t subscribe[] = "\x82\x0d\0\1\0\10stream/1";
    uint8_t suback[5];
    size_t sent = 0, received = 0, pending = 0, done = 0, have = 0;

    samples = calloc(messages + 1, sizeof(uint32_t));
    if (size < 8 || size > 1 << 16 || samples == NULL) return 2;
    if (send(subscriber, subscribe, 15, 0) != 15 || recv(subscriber, suback, 5, MSG_WAITALL) != 5) stop("SUBACK");
    int64_t start = now();
    while (received < messages) {
        if (done == pending && sent < messages && (sent - received <= window - (window + 3) / 4 || sent == received)) {
            pending = done = 0;
            while (sent < messages && sent - received < window && pending < BATCH) {
                pending += put(out + pending, size);
                sent++;
            }
        }
        struct pollfd entries[] = {{subscriber, POLLIN, 0}, {publisher, done < pending ? POLLOUT : 0, 0}};
        if (poll(entries, 2, STALL) <= 0) stop("nothing comes");
        if (entries[1].revents & POLLOUT) {
            ssize_t written = send(publisher, out + done, pending - done, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (written < 0 && errno != EAGAIN) stop("send");
            if (written > 0) done += (size_t)written;
        }
        if (entries[0].revents != 0) {
            ssize_t come = recv(subscriber, in + have, sizeof(in) - have, MSG_DONTWAIT);
            if (come == 0 || (come < 0 && errno != EAGAIN)) stop("recv");
            if (come > 0) have = take(have + (size_t)come, &received);
        }
    }
    double seconds = (double)(now() - start) / 1e9;
    qsort(samples, received, sizeof(uint32_t), compare);
    printf("%.0f %.1f %.1f\n", (double)messages / seconds, samples[received / 2] / 10.0, samples[received * 99 / 100] / 10.0);
    return 0;
}
