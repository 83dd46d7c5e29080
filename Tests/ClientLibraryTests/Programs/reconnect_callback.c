/* SPDX-License-Identifier: Apache-2.0 */
/* Loses its connection while a message is under way, and connects again in the disconnect callback. */
#include <sys/socket.h>

#include "program.h"

static int connections, is_published;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    printf("connection %d\n", ++connections);
    if (connections == 1) {
        /* Nothing can be sent any more: the message stays with the library. */
        EXPECT(shutdown(mosquitto_socket(client), SHUT_RDWR) == 0);
        mosquitto_publish(client, NULL, "reconnect_callback/a", 4, "kept", 1, false);
    }
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data;
    printf("published %d\n", mid);
    is_published = 1;
    DO(mosquitto_disconnect(client));
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    printf("%s\n", rc == 0 ? "disconnected" : "lost");
    if (rc != 0) DO(mosquitto_reconnect(client));
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("reconnect_callback", NULL);
    EXPECT(mosquitto_reconnect(client) == MOSQ_ERR_INVAL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    DO(mosquitto_connect(client, host, port, 60));
    while (!is_published || mosquitto_socket(client) != -1) mosquitto_loop(client, 1000, 1);
    EXPECT(connections == 2);
    mosquitto_destroy(client);
    return end();
}
