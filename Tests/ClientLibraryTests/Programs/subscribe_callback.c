/* SPDX-License-Identifier: Apache-2.0 */
/* Gets messages in one call, until its callback has had enough. */
#include "program.h"

static int on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    int *count = (int *)data;

    printf("%s\n", (const char *)message->payload);
    if (*count == 0) {
        /* The first one is the retained one: the others are published now. */
        DO(mosquitto_publish(client, NULL, "subscribe_callback/a", 6, "second", 1, false));
        DO(mosquitto_publish(client, NULL, "subscribe_callback/a", 5, "third", 1, false));
    }
    return ++*count == 3;
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data, (void)mid;
    DO(mosquitto_disconnect(client));
}

static void retain(const char *text)
{
    struct mosquitto *client = new_client("subscribe_callback-0", NULL);

    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_publish(client, NULL, "subscribe_callback/a", (int)strlen(text), text, 1, true));
    DO(mosquitto_loop_forever(client, -1, 1));
    mosquitto_destroy(client);
}

int main(int argc, char *argv[])
{
    int count = 0;
    char topic[] = "subscribe_callback/will", payload[] = "not to be seen";
    struct libmosquitto_will will;

    begin(argc, argv);
    memset(&will, 0, sizeof will);
    will.topic = topic;
    will.payload = payload;
    will.payloadlen = (int)strlen(payload);
    retain("first");
    EXPECT(mosquitto_subscribe_callback(NULL, &count, "subscribe_callback/#", 1, host, port,
               "subscribe_callback", 60, true, NULL, NULL, NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_subscribe_callback(on_message, &count, "subscribe_callback/#", 1, host, port,
        "subscribe_callback", 60, true, "user", "password", &will, NULL));
    EXPECT(count == 3);
    retain("");
    return end();
}
