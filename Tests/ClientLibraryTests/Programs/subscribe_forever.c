/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribes in the connect callback and runs until it has got what it waits for. */
#include "program.h"

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    DO(mosquitto_subscribe(client, NULL, "subscribe_forever/+", 1));
}

static void on_subscribe(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    int i;

    (void)data;
    for (i = 0; i < qos_count; i++) printf("request %d: granted %d\n", mid, granted_qos[i]);
    for (i = 0; i < 3; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "message %d", i);

        DO(mosquitto_publish(client, NULL, "subscribe_forever/a", length, text, i, false));
    }
    DO(mosquitto_publish(client, NULL, "subscribe_forever/end", 0, NULL, 2, false));
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    int *count = (int *)data;

    if (message->payloadlen == 0) {
        printf("%s without payload\n", message->topic);
        EXPECT(message->payload == NULL);
        DO(mosquitto_disconnect(client));
        return;
    }
    /* The library puts a NUL byte behind the payload. */
    printf("%s %s qos %d retain %d\n", message->topic, (const char *)message->payload, message->qos,
        message->retain);
    EXPECT((message->mid != 0) == (message->qos > 0));
    ++*count;
}

int main(int argc, char *argv[])
{
    int count = 0;
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("subscribe_forever", &count);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_message_callback_set(client, on_message);
    DO(mosquitto_connect_async(client, host, port, 60));
    DO(mosquitto_loop_forever(client, 1000, 1));
    EXPECT(count == 3);
    mosquitto_destroy(client);
    return end();
}
