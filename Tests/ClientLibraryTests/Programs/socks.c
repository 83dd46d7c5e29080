/* SPDX-License-Identifier: Apache-2.0 */
/* Connects through a SOCKS5 proxy, which is a thread of this program and says what it is asked. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "round_trip.h"

static int listener;

static void read_exactly(int from, unsigned char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = read(from, bytes, count);

        EXPECT(n > 0);
        bytes += n;
        count -= (size_t)n;
    }
}

static void write_all(int to, const void *bytes, size_t count)
{
    EXPECT(write(to, bytes, count) == (ssize_t)count);
}

/* Hands bytes on in both directions until one side closes. */
static void relay(int one, int two)
{
    struct pollfd ends[2] = {{one, POLLIN, 0}, {two, POLLIN, 0}};

    for (;;) {
        int i;

        EXPECT(poll(ends, 2, -1) > 0);
        for (i = 0; i < 2; i++) {
            char bytes[4096];
            ssize_t n;

            if (ends[i].revents == 0) continue;
            n = read(ends[i].fd, bytes, sizeof bytes);
            if (n <= 0) return;
            write_all(ends[1 - i].fd, bytes, (size_t)n);
        }
    }
}

static void *serve(void *unused)
{
    unsigned char bytes[512];
    struct sockaddr_in address;
    int client = accept(listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);

    (void)unused;
    read_exactly(client, bytes, 2);
    EXPECT(bytes[0] == 5 && bytes[1] >= 1);
    read_exactly(client, bytes, bytes[1]);
    write_all(client, "\5\2", 2);
    read_exactly(client, bytes, 2);
    read_exactly(client, bytes + 2, (size_t)bytes[1] + 1);
    printf("proxy: user %.*s\n", bytes[1], (const char *)bytes + 2);
    read_exactly(client, bytes, bytes[2 + bytes[1]]);
    write_all(client, "\1\0", 2);
    read_exactly(client, bytes, 5);
    EXPECT(bytes[0] == 5 && bytes[1] == 1 && bytes[3] == 3);
    printf("proxy: a name of %d bytes\n", bytes[4]);
    read_exactly(client, bytes, (size_t)bytes[4] + 2);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    EXPECT(connect(server, (struct sockaddr *)&address, sizeof address) == 0);
    write_all(client, "\5\0\0\1\177\0\0\1\1\1", 10);
    relay(client, server);
    close(client);
    close(server);
    return NULL;
}

int main(int argc, char *argv[])
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pthread_t proxy;
    struct mosquitto *client;

    begin(argc, argv);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
    EXPECT(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    EXPECT(pthread_create(&proxy, NULL, serve, NULL) == 0);

    client = new_client("socks", NULL);
    EXPECT(mosquitto_socks5_set(client, NULL, 1080, NULL, NULL) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_socks5_set(client, "proxy", 0, NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_socks5_set(client, "127.0.0.1", ntohs(address.sin_port), "somebody", "secret"));
    /* Only the proxy knows this name. */
    host = "broker.invalid";
    round_trip(client, "socks/a");
    mosquitto_destroy(client);
    pthread_join(proxy, NULL);
    return end();
}
