/* SPDX-License-Identifier: Apache-2.0 */
/* The program's own event loop: poll() with the socket, read, write and misc as they are due. */
#include <errno.h>
#include <poll.h>

#include "program.h"

static int is_connected, is_over, received;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    is_connected = 1;
    DO(mosquitto_subscribe(client, NULL, "external_loop/a", 2));
}

static void on_subscribe(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    static char large[100000];

    (void)data, (void)mid;
    EXPECT(qos_count == 1);
    printf("granted %d\n", granted_qos[0]);
    memset(large, 'x', sizeof large);
    DO(mosquitto_publish(client, NULL, "external_loop/a", sizeof large, large, 2, false));
    DO(mosquitto_publish(client, NULL, "external_loop/a", 3, "end", 2, false));
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)data;
    printf("message of %d bytes\n", message->payloadlen);
    if (++received == 2) DO(mosquitto_disconnect(client));
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    printf("disconnected: %d\n", rc);
    is_over = 1;
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("external_loop", NULL);
    EXPECT(mosquitto_socket(client) == -1);
    EXPECT(mosquitto_loop_misc(client) == MOSQ_ERR_NO_CONN);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    DO(mosquitto_connect(client, host, port, 60));
    while (!is_over) {
        struct pollfd descriptor;

        descriptor.fd = mosquitto_socket(client);
        descriptor.events = (short)(POLLIN | (mosquitto_want_write(client) ? POLLOUT : 0));
        descriptor.revents = 0;
        EXPECT(descriptor.fd >= 0);
        EXPECT(poll(&descriptor, 1, 1000) >= 0 || errno == EINTR);
        if (descriptor.revents & POLLOUT) DO(mosquitto_loop_write(client, 1));
        if (!is_over && (descriptor.revents & (POLLIN | POLLHUP))) {
            DO(mosquitto_loop_read(client, 1));
        }
        if (!is_over) DO(mosquitto_loop_misc(client));
    }
    EXPECT(is_connected);
    EXPECT(mosquitto_socket(client) == -1);
    mosquitto_destroy(client);
    return end();
}
