/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes one message and exits, as scripts do. */
#include "program.h"

static int published;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    int mid;

    (void)data;
    printf("connected: %d\n", rc);
    DO(mosquitto_publish(client, &mid, "publish_exit/a", 5, "hello", 1, false));
    printf("publishing %d\n", mid);
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data;
    printf("published %d\n", mid);
    published = 1;
    DO(mosquitto_disconnect(client));
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client;
    (void)data;
    printf("disconnected: %d\n", rc);
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("publish_exit", NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    EXPECT(published);
    mosquitto_destroy(client);
    return end();
}
