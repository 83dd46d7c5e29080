/* SPDX-License-Identifier: Apache-2.0 */
/* One client goes without a word, the other gets its will; a will that was taken back is not published. */
#include "program.h"

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client;
    EXPECT(rc == 0);
    *(int *)data = 1;
}

/* Connects, and goes without DISCONNECT. */
static void come_and_go(const char *text, bool takes_it_back)
{
    int is_connected = 0;
    struct mosquitto *client = new_client("will-gone", &is_connected);

    mosquitto_connect_callback_set(client, on_connect);
    DO(mosquitto_will_set(client, "will/replaced", 0, NULL, 0, false));
    DO(mosquitto_will_set(client, "will/a", (int)strlen(text), text, 1, false));
    if (takes_it_back) DO(mosquitto_will_clear(client));
    DO(mosquitto_connect(client, host, port, 60));
    while (!is_connected) DO(mosquitto_loop(client, 1000, 1));
    mosquitto_destroy(client);
}

static void on_watching(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    (void)client, (void)mid, (void)qos_count, (void)granted_qos;
    *(int *)data = 1;
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)client;
    printf("%s %s qos %d\n", message->topic, (const char *)message->payload, message->qos);
    ++*(int *)data;
}

int main(int argc, char *argv[])
{
    int state = 0;
    struct mosquitto *watcher;

    begin(argc, argv);
    watcher = new_client("will-watcher", &state);
    EXPECT(mosquitto_will_set(watcher, NULL, 0, NULL, 0, false) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_will_set(watcher, "will/#", 0, NULL, 0, false) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_will_set(watcher, "will", 1, NULL, 0, false) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_will_set(watcher, "will", -1, NULL, 0, false) == MOSQ_ERR_PAYLOAD_SIZE);
    mosquitto_connect_callback_set(watcher, on_connect);
    mosquitto_subscribe_callback_set(watcher, on_watching);
    mosquitto_message_callback_set(watcher, on_message);
    DO(mosquitto_connect(watcher, host, port, 60));
    while (state == 0) DO(mosquitto_loop(watcher, 1000, 1));
    state = 0;
    DO(mosquitto_subscribe(watcher, NULL, "will/#", 1));
    while (state == 0) DO(mosquitto_loop(watcher, 1000, 1));
    come_and_go("first", false);
    come_and_go("taken back", true);
    come_and_go("second", false);
    while (state < 3) DO(mosquitto_loop(watcher, 1000, 1));
    DO(mosquitto_disconnect(watcher));
    mosquitto_destroy(watcher);
    return end();
}
