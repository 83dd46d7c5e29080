/* SPDX-License-Identifier: Apache-2.0 */
/* What a client writes, and when it is out: CONNECT has its properties in the program's order, and on_publish waits for
   no message behind, however slowly the server reads. */
#include "script.h"

static const int large = 64 << 20;
static int published;
static char *payload;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    DO(mosquitto_publish(client, NULL, "t", 1, "x", 0, false));
    DO(mosquitto_publish(client, NULL, "t", large, payload, 0, false));
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)data;
    EXPECT(mid == ++published);
}

/* The small message is out while the large one waits for the server. */
static void slow(void)
{
    struct mosquitto *client = new_client("c", NULL);
    static char bytes[1 << 20];
    long until;

    puts("slow");
    payload = calloc(1, (size_t)large);
    EXPECT(payload != NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    HEAR(client, CONNECT311);
    script_say(CONNACK311);
    until = script_now() + 5000;
    while (published == 0 && script_now() < until) script_turn(client, 10);
    EXPECT(published == 1);
    while (published == 1) {
        EXPECT(script_now() < until + 10000);
        EXPECT(recv(script_peer, bytes, sizeof bytes, MSG_DONTWAIT) != 0);
        script_turn(client, 0);
    }
    EXPECT(script_result == 0);
    mosquitto_destroy(client);
    free(payload);
}

static void connect_with(const mosquitto_property *list, const char *expected)
{
    struct mosquitto *client = new_client("c", NULL);

    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    DO(mosquitto_connect_bind_v5(client, "127.0.0.1", script_port, 60, NULL, list));
    script_accept(client);
    HEAR(client, expected);
    mosquitto_destroy(client);
}

/* What the program has not given comes last. */
static void order(void)
{
    mosquitto_property *list = NULL;

    puts("order");
    DO(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "k", "v"));
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_MAXIMUM_PACKET_SIZE, 1000));
    connect_with(list, "101d 0004 4d515454 05 02 003c 0f 260001 6b0001 76 27000003e8 210014 0001 63");
    mosquitto_property_free_all(&list);
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_MAXIMUM_PACKET_SIZE, 1000));
    DO(mosquitto_property_add_int16(&list, MQTT_PROP_RECEIVE_MAXIMUM, 7));
    DO(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "k", "v"));
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 0));
    connect_with(list,
        "1022 0004 4d515454 05 02 003c 14 27000003e8 210007 260001 6b0001 76 1100000000 0001 63");
    mosquitto_property_free_all(&list);
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    script_open();
    slow();
    order();
    return end();
}
