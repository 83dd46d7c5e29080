/* SPDX-License-Identifier: Apache-2.0
 * libmosquitto with a loop of the program's own; see common.py. */

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <time.h>

#include "client.h"

static struct arguments arguments;
static struct received received;
static bool is_connected, is_subscribed, is_unsubscribed;
static int completed;

static void on_connect(struct mosquitto *client, void *data, int code, int flags, const mosquitto_property *properties)
{
    (void)client, (void)data, (void)flags, (void)properties;
    if (code != 0) exit(3);
    is_connected = true;
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)client, (void)data;
    take(&received, &arguments, message->payload, message->payloadlen);
}

static void on_publish(struct mosquitto *client, void *data, int identifier)
{
    (void)client, (void)data, (void)identifier;
    completed++;
}

static void on_subscribe(struct mosquitto *client, void *data, int identifier, int count, const int *granted)
{
    (void)client, (void)data, (void)identifier;
    if (count != 1 || granted[0] != 2) exit(4);
    is_subscribed = true;
}

static void on_unsubscribe(struct mosquitto *client, void *data, int identifier)
{
    (void)client, (void)data, (void)identifier;
    is_unsubscribed = true;
}

/* One turn of the loop; connects again when the connection has ended. */
static void turn(struct mosquitto *client)
{
    if (mosquitto_loop(client, 1000, 1) == MOSQ_ERR_SUCCESS) return;
    while (mosquitto_reconnect(client) != MOSQ_ERR_SUCCESS)
        nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
}

/* Whether a message is kept for the next connection, which writing it has shown to be needed. */
static bool is_kept(int result)
{
    return result == MOSQ_ERR_NO_CONN || result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_ERRNO;
}

static void publish(struct mosquitto *client)
{
    unsigned char *bytes = payload_room(arguments.size);
    for (int number = 0; number < arguments.count; number++) {
        int size = write_payload(bytes, number, arguments.size);
        int result = mosquitto_publish(client, NULL, arguments.topic, size, bytes, 2, false);
        if (result != MOSQ_ERR_SUCCESS && !is_kept(result)) exit(5);
    }
    free(bytes);
    while (completed < arguments.count) turn(client);
}

static void receive(struct mosquitto *client)
{
    mosquitto_subscribe(client, NULL, arguments.topic, 2);
    while (!is_subscribed) turn(client);
    say("ready");
    while (received.different < arguments.count) turn(client);
    mosquitto_unsubscribe(client, NULL, "nothing");
    while (!is_unsubscribed) turn(client);
}

int main(int word_count, char **words)
{
    arguments = read_arguments(words, word_count);
    received = nothing_received(&arguments);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new(arguments.client_id, false, NULL);
    if (client == NULL) return 2;
    mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, arguments.version);
    mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, arguments.window);
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_unsubscribe_callback_set(client, on_unsubscribe);
    mosquitto_property *properties = NULL;
    if (arguments.version == 5) {
        mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_seconds);
        if (arguments.receives)
            mosquitto_property_add_int16(&properties, MQTT_PROP_RECEIVE_MAXIMUM, (uint16_t)arguments.window);
    }
    if (mosquitto_connect_bind_v5(client, "127.0.0.1", arguments.port, 60, NULL, properties) != MOSQ_ERR_SUCCESS)
        return 3;
    while (!is_connected) turn(client);
    if (arguments.receives) receive(client);
    else publish(client);
    mosquitto_disconnect(client);
    mosquitto_loop(client, 100, 1);
    say("done");
    return 0;
}
