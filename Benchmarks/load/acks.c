/* SPDX-License-Identifier: Apache-2.0 */
/* Publishers with one message under way each: how long until QoS 1 PUBLISH is acknowledged?
 *   cc -O2 Benchmarks/load/acks.c -o acks
 *   acks PORT PUBLISHERS SECONDS
 * prints
 *   MESSAGES P50 P99 MAX (in microseconds)
 * Each publisher has a connection and a topic of its own, acks/NUMBER, and sends its next 64 bytes when the ones before are
 * acknowledged.
 */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PUBLISHERS_MAX = 10000, SAMPLES_MAX = 1 << 24, PAYLOAD = 64 };

struct publisher {
    int descriptor;
    int64_t sent_at;
    uint8_t packet[128];
    size_t length;
    size_t received;
};

static struct publisher publishers[PUBLISHERS_MAX];
static uint32_t samples[SAMPLES_MAX];
static size_t sample_count;

static void send_all(int descriptor, const uint8_t *bytes, size_t length)
{
    if (send(descriptor, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) stop("send");
}

static void open_publisher(struct publisher *one, int port, int number)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    uint8_t greeting[32] = "\x10\x12\0\4MQTT\4\2\0\0\0\6";
    uint8_t connack[4];
    char topic[16];
    int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    one->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(one->descriptor, (struct sockaddr *)&address, sizeof address) != 0) stop("connect");
    setsockopt(one->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    snprintf((char *)greeting + 14, 8, "a%05d", number);
    send_all(one->descriptor, greeting, 20);
    if (recv(one->descriptor, connack, 4, MSG_WAITALL) != 4 || connack[3] != 0) stop("CONNACK");

    snprintf(topic, sizeof topic, "acks/%05d", number);
    one->packet[0] = 0x32;
    one->packet[1] = (uint8_t)(2 + strlen(topic) + 2 + PAYLOAD);
    one->packet[3] = (uint8_t)strlen(topic);
    memcpy(one->packet + 4, topic, strlen(topic));
    one->packet[4 + strlen(topic) + 1] = 1;
    memset(one->packet + 4 + strlen(topic) + 2, 'x', PAYLOAD);
    one->length = (size_t)one->packet[1] + 2;
}

static void publish(struct publisher *one)
{
    one->sent_at = now();
    one->received = 0;
    send_all(one->descriptor, one->packet, one->length);
}

/* Takes what has come of a PUBACK. */
static void take(struct publisher *one, int64_t end)
{
    uint8_t puback[4];
    ssize_t count = recv(one->descriptor, puback, sizeof puback - one->received, 0);

    if (count <= 0) stop("recv");
    one->received += (size_t)count;
    if (one->received < sizeof puback) return;
    if (sample_count < SAMPLES_MAX) samples[sample_count++] = (uint32_t)((now() - one->sent_at) / 1000);
    if (now() < end) publish(one);
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

int main(int count, char **words)
{
    if (count != 4) {
        fprintf(stderr, "acks PORT PUBLISHERS SECONDS\n");
        return 2;
    }
    int number = atoi(words[2]), poll = epoll_create1(EPOLL_CLOEXEC);
    if (number < 1 || number > PUBLISHERS_MAX) return 2;
    for (int index = 0; index < number; index++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &publishers[index]};
        open_publisher(&publishers[index], atoi(words[1]), index);
        epoll_ctl(poll, EPOLL_CTL_ADD, publishers[index].descriptor, &event);
    }
    int64_t end = now() + atoi(words[3]) * INT64_C(1000000000);
    for (int index = 0; index < number; index++) publish(&publishers[index]);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poll, events, 256, 2000);
        if (ready <= 0) break;
        for (int index = 0; index < ready; index++) take(events[index].data.ptr, end);
        if (now() > end + 100000000) break;
    }
    if (sample_count == 0) stop("no acknowledgement");
    qsort(samples, sample_count, sizeof samples[0], compare);
    printf("%zu %u %u %u\n", sample_count, samples[sample_count / 2], samples[sample_count * 99 / 100],
           samples[sample_count - 1]);
    return 0;
}
