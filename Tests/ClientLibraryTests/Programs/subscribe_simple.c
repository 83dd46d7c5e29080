/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches two retained messages in one call. */
#include "program.h"

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)mid;
    ++*(int *)data;
}

/* Publishes retained messages; an empty payload takes them away again. */
static void retain(const char *one, const char *two)
{
    int published = 0;
    struct mosquitto *client = new_client("subscribe_simple-0", &published);

    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_publish(
        client, NULL, "subscribe_simple/1", (int)strlen(one), one, 1, true));
    DO(mosquitto_publish(
        client, NULL, "subscribe_simple/2", (int)strlen(two), two, 1, true));
    while (published < 2) DO(mosquitto_loop(client, 1000, 1));
    DO(mosquitto_disconnect(client));
    mosquitto_destroy(client);
}

static int by_topic(const void *one, const void *two)
{
    return strcmp(((const struct mosquitto_message *)one)->topic,
        ((const struct mosquitto_message *)two)->topic);
}

int main(int argc, char *argv[])
{
    struct mosquitto_message *messages = NULL;
    int i;

    begin(argc, argv);
    retain("one", "two");
    EXPECT(mosquitto_subscribe_simple(&messages, 0, true, "subscribe_simple/+", 1, host, port,
               "subscribe_simple", 60, true, NULL, NULL, NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_subscribe_simple(&messages, 2, true, "subscribe_simple/+", 1, host, port,
        "subscribe_simple", 60, true, NULL, NULL, NULL, NULL));
    EXPECT(messages != NULL);
    qsort(messages, 2, sizeof messages[0], by_topic);
    for (i = 0; i < 2; i++) {
        printf("%s %s retain %d\n", messages[i].topic, (const char *)messages[i].payload,
            messages[i].retain);
        mosquitto_message_free_contents(&messages[i]);
    }
    free(messages);
    retain("", "");
    return end();
}
