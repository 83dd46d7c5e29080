/* SPDX-License-Identifier: Apache-2.0 */
/* QoS 2 in both directions, more messages than the window holds: each comes once and in order. */
#include "program.h"

enum { COUNT = 100 };

static int published, received, completed;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    DO(mosquitto_subscribe(client, NULL, "qos2/a", 2));
}

static void on_subscribe(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    int i;

    (void)data, (void)mid;
    EXPECT(qos_count == 1 && granted_qos[0] == 2);
    for (i = 0; i < COUNT; i++) {
        char text[8];
        int length = snprintf(text, sizeof text, "%d", i);

        DO(mosquitto_publish(client, NULL, "qos2/a", length, text, 2, false));
    }
    puts("all are on their way");
}

static void leave_when_complete(struct mosquitto *client)
{
    if (++completed == 2 * COUNT) DO(mosquitto_disconnect(client));
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data;
    /* The subscription had number 1. */
    EXPECT(mid == ++published + 1);
    leave_when_complete(client);
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)data;
    EXPECT(message->qos == 2);
    EXPECT(atoi((const char *)message->payload) == received);
    received++;
    leave_when_complete(client);
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("qos2", NULL);
    DO(mosquitto_max_inflight_messages_set(client, 5));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    printf("published %d, received %d\n", published, received);
    mosquitto_destroy(client);
    return end();
}
