/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps messages beyond their callback. */
#include "program.h"

static struct mosquitto_message *kept[2];

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    int *count = (int *)data;

    EXPECT(*count < 2);
    kept[*count] = (struct mosquitto_message *)malloc(sizeof *message);
    DO(mosquitto_message_copy(kept[*count], message));
    EXPECT(kept[*count]->topic != message->topic);
    if (++*count == 2) DO(mosquitto_disconnect(client));
}

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    /* At once, before the subscription is confirmed. */
    DO(mosquitto_subscribe(client, NULL, "message_copy/a", 1));
    DO(mosquitto_publish(client, NULL, "message_copy/a", 3, "a\0b", 1, false));
    DO(mosquitto_publish(client, NULL, "message_copy/a", 0, NULL, 1, false));
}

int main(int argc, char *argv[])
{
    int count = 0;
    struct mosquitto_message copy;
    struct mosquitto *client;

    begin(argc, argv);
    memset(&copy, 0, sizeof copy);
    EXPECT(mosquitto_message_copy(NULL, &copy) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_message_copy(&copy, NULL) == MOSQ_ERR_INVAL);
    client = new_client("message_copy", &count);
    EXPECT(mosquitto_userdata(client) == &count);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_message_callback_set(client, on_message);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    mosquitto_destroy(client);

    DO(mosquitto_message_copy(&copy, kept[0]));
    mosquitto_message_free(&kept[0]);
    printf("%s %d bytes\n", copy.topic, copy.payloadlen);
    EXPECT(memcmp(copy.payload, "a\0b\0", 4) == 0);
    mosquitto_message_free_contents(&copy);
    EXPECT(kept[1]->payloadlen == 0 && kept[1]->payload == NULL);
    printf("%s empty\n", kept[1]->topic);
    mosquitto_message_free(&kept[1]);
    mosquitto_message_free(NULL);
    return end();
}
