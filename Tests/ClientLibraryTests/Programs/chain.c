/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes each of many messages when the one before is out, beginning outside of any loop. */
#include "program.h"

static const int total = 1000;
static int published, is_connected;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client;
    (void)data;
    EXPECT(rc == 0);
    is_connected = 1;
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data;
    (void)mid;
    if (++published < total) {
        DO(mosquitto_publish(client, NULL, "chain/a", 1, "x", 0, false));
    } else {
        DO(mosquitto_disconnect(client));
    }
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("chain", NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, host, port, 60));
    while (!is_connected) DO(mosquitto_loop(client, 1000, 1));
    DO(mosquitto_publish(client, NULL, "chain/a", 1, "x", 0, false));
    mosquitto_loop_forever(client, -1, 1);
    printf("%d published\n", published);
    mosquitto_destroy(client);
    return end();
}
