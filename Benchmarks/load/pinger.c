/* SPDX-License-Identifier: Apache-2.0 */
/* An innocent client: how long does the broker take to answer PINGREQ?
 *   cc -O2 Benchmarks/load/pinger.c -o pinger
 *   pinger PORT [MICROSECONDS BETWEEN PINGS]
 * prints "ready" and obeys lines on its standard input. `report` prints
 *   PINGS P50 P99 MAX (in microseconds) UNANSWERED
 * of the pings since the last report, once all of them have been answered or ten seconds have passed.
 *
 * Pings leave when they are due, whether or not earlier ones have been answered: a broker that stands still for a second makes
 * a thousand pings late, not one. A ping that is still unanswered counts with the time it has waited. It runs in the real-time
 * class where it may, so that a load generator on the same core does not delay it.
 */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { AWAITED_MAX = 1 << 20, SAMPLES_MAX = 1 << 22 };
static const int64_t patience = 10000000000;

static int64_t awaited[AWAITED_MAX];
static size_t sent, answered;
static uint32_t samples[SAMPLES_MAX];
static size_t sample_count;
static size_t first_counted;

static int connected(int port)
{
    static const uint8_t connect_packet[] = "\x10\x12\0\4MQTT\4\2\0\0\0\6pinger";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    uint8_t connack[4];
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        stop("connect");
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (send(descriptor, connect_packet, sizeof connect_packet - 1, 0) < 0
        || recv(descriptor, connack, sizeof connack, MSG_WAITALL) != sizeof connack || connack[3] != 0) {
        fprintf(stderr, "the pinger was not let in\n");
        exit(1);
    }
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    return descriptor;
}

static void ping(int descriptor)
{
    if (sent - answered == AWAITED_MAX) {
        fprintf(stderr, "a million pings wait\n");
        exit(1);
    }
    awaited[sent % AWAITED_MAX] = now();
    if (send(descriptor, "\xc0\0", 2, MSG_NOSIGNAL) == 2) {
        sent++;
    } else if (errno != EAGAIN) {
        stop("send");
    }
}

static void note(int64_t waited)
{
    if (sample_count < SAMPLES_MAX) {
        samples[sample_count++] = waited > 4000000000000 ? UINT32_MAX : (uint32_t)(waited / 1000);
    }
}

static void take_answers(int descriptor)
{
    static bool is_half;
    uint8_t bytes[65536];
    ssize_t count = recv(descriptor, bytes, sizeof bytes, 0);
    int64_t time = now();

    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        fprintf(stderr, "the broker has closed the pinger's connection\n");
        exit(1);
    }
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] != (is_half ? 0 : 0xd0)) {
            fprintf(stderr, "not a PINGRESP\n");
            exit(1);
        }
        if (is_half) {
            if (answered >= first_counted) {
                note(time - awaited[answered % AWAITED_MAX]);
            }
            answered++;
        }
        is_half = !is_half;
    }
}

static int by_size(const void *one, const void *other)
{
    uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
    return (a > b) - (a < b);
}

/* Reports on the pings before number `end`. */
static void report(size_t end)
{
    size_t unanswered = answered < end ? end - answered : 0;

    for (size_t i = end - unanswered; i < end; i++) {
        note(now() - awaited[i % AWAITED_MAX]);
    }
    qsort(samples, sample_count, sizeof *samples, by_size);
    if (sample_count == 0) {
        printf("0 0 0 0 0\n");
    } else {
        printf("%zu %u %u %u %zu\n", sample_count, samples[sample_count / 2], samples[sample_count * 99 / 100],
            samples[sample_count - 1], unanswered);
    }
    fflush(stdout);
    sample_count = 0;
    first_counted = sent;
}

/* Reads the request to report; its end is ours. */
static void obey(void)
{
    char line[64];

    if (read(STDIN_FILENO, line, sizeof line) <= 0) {
        exit(0);
    }
}

int main(int count, char **arguments)
{
    long interval = count > 2 ? atol(arguments[2]) : 1000;
    struct itimerspec timing = {{0, interval * 1000}, {0, interval * 1000}};
    struct sched_param priority = {.sched_priority = 10};
    int descriptor, timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bool is_asked = false;
    size_t wanted = 0;
    int64_t asked_at = 0;

    if (count < 2) {
        fprintf(stderr, "usage: pinger PORT [MICROSECONDS]\n");
        return 2;
    }
    descriptor = connected(atoi(arguments[1]));
    (void)sched_setscheduler(0, SCHED_FIFO, &priority);
    timerfd_settime(timer, 0, &timing, NULL);
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd ready[] = {{descriptor, POLLIN, 0}, {timer, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        uint64_t due = 0;

        poll(ready, 3, -1);
        if (ready[0].revents) {
            take_answers(descriptor);
        }
        if (ready[1].revents && read(timer, &due, sizeof due) == sizeof due) {
            /* One ping however many are due: the delay of the pinger itself is not the broker's. */
            ping(descriptor);
        }
        if (ready[2].revents) {
            obey();
            is_asked = true;
            wanted = sent;
            asked_at = now();
        }
        if (is_asked && (answered >= wanted || now() - asked_at > patience)) {
            report(wanted);
            is_asked = false;
        }
    }
}
