/* SPDX-License-Identifier: Apache-2.0 */
/* What outlives a connection and what does not, packet by packet: messages kept, sent again, in order, once. */
#include "script.h"

static int connects, disconnects, publishes, last_mid, last_reason, received;
static char last_payload[64];
static bool publishes_when_connected;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    connects++;
    if (publishes_when_connected) {
        publishes_when_connected = false;
        DO(mosquitto_publish(client, NULL, "t", 1, "z", 1, false));
    }
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data, (void)rc;
    disconnects++;
}

static void on_publish_v5(
    struct mosquitto *client, void *data, int mid, int reason, const mosquitto_property *list)
{
    (void)client, (void)data, (void)list;
    publishes++;
    last_mid = mid;
    last_reason = reason;
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)client, (void)data;
    received++;
    snprintf(last_payload, sizeof last_payload, "%s",
             message->payload ? (const char *)message->payload : "");
}

/* Runs the loop until a counter has come so far. */
static void wait_for(struct mosquitto *client, const int *counter, int value)
{
    long until = script_now() + 5000;

    while (*counter < value && script_now() < until) script_turn(client, 10);
    EXPECT(*counter == value);
}

static struct mosquitto *begin_client(int version)
{
    struct mosquitto *client = new_client("c", NULL);

    connects = disconnects = publishes = received = script_result = 0;
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_publish_v5_callback_set(client, on_publish_v5);
    mosquitto_message_callback_set(client, on_message);
    return client;
}

static void meet(struct mosquitto *client, const char *connack)
{
    script_accept(client);
    HEAR(client, connack[1] == '0' && connack[3] == '2' ? CONNECT311 : CONNECT5);
    script_say(connack);
}

static void again(struct mosquitto *client)
{
    script_cut();
    wait_for(client, &disconnects, disconnects + 1);
    script_result = 0;
    DO(mosquitto_reconnect(client));
}

/* Published without a connection: kept, sent first with DUP 0 and in order, before what on_connect publishes. */
static void offline(void)
{
    struct mosquitto *client = begin_client(4);
    int mid;

    puts("offline");
    EXPECT(mosquitto_publish(client, &mid, "t", 1, "a", 1, false) == MOSQ_ERR_NO_CONN && mid == 1);
    EXPECT(mosquitto_publish(client, &mid, "t", 1, "b", 2, false) == MOSQ_ERR_NO_CONN && mid == 2);
    EXPECT(mosquitto_publish(client, &mid, "t", 1, "q", 0, false) == MOSQ_ERR_NO_CONN && mid == 3);
    publishes_when_connected = true;
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    meet(client, CONNACK311);
    HEAR(client, "3206 0001 74 0001 61");
    HEAR(client, "3406 0001 74 0002 62");
    HEAR(client, "3206 0001 74 0004 7a");
    script_say("4002 0001");
    wait_for(client, &publishes, 1);
    EXPECT(last_mid == 1);
    /* Sent again after the connection was lost: with DUP. */
    again(client);
    meet(client, CONNACK311);
    HEAR(client, "3c06 0001 74 0002 62");
    HEAR(client, "3a06 0001 74 0004 7a");
    script_say("5002 0002");
    HEAR(client, "6202 0002");
    again(client);
    meet(client, CONNACK311);
    /* Of what the server has received, PUBREL alone. */
    HEAR(client, "6202 0002");
    HEAR(client, "3a06 0001 74 0004 7a");
    script_say("7002 0002 4002 0004");
    wait_for(client, &publishes, 3);
    EXPECT(script_is_silent(client, 50));
    mosquitto_destroy(client);
    HEAR_END(client = NULL);
}

/* No more under way than the window holds; answers to nothing make no room; PUBREC that refuses does. */
static void window(void)
{
    struct mosquitto *client = begin_client(5);
    int i, mid;

    puts("window");
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    meet(client, "2006 0000 03 210002");
    wait_for(client, &connects, 1);
    for (i = 0; i < 4; i++) DO(mosquitto_publish(client, &mid, "t", 1, "x", 2, false));
    EXPECT(mid == 4);
    HEAR(client, "3407 0001 74 0001 00 78");
    HEAR(client, "3407 0001 74 0002 00 78");
    EXPECT(script_is_silent(client, 50));
    script_say("4002 0063 7002 0063");
    EXPECT(script_is_silent(client, 50));
    EXPECT(publishes == 0);
    script_say("5003 0002 97");
    HEAR(client, "3407 0001 74 0003 00 78");
    wait_for(client, &publishes, 1);
    EXPECT(last_mid == 2 && last_reason == 0x97);
    script_say("5002 0001");
    HEAR(client, "6202 0001");
    EXPECT(script_is_silent(client, 50));
    script_say("7002 0001");
    HEAR(client, "3407 0001 74 0004 00 78");
    script_say("5002 0003");
    HEAR(client, "6202 0003");
    script_say("7003 0003 92");
    wait_for(client, &publishes, 3);
    EXPECT(last_mid == 3 && last_reason == 0x92);
    /* PUBACK does not go with QoS 2. */
    script_say("4002 0004");
    HEAR(client, "e001 82");
    HEAR_END(client);
    EXPECT(script_result == 2);
    mosquitto_destroy(client);
}

/* What a server has said of itself is forgotten with the connection; what does not fit is refused, and takes no
   identifier. */
static void limits(void)
{
    struct mosquitto *client = begin_client(5);
    char *filters[] = {(char *)"01234567890", (char *)"01234567890"};
    int mid = 0;

    puts("limits");
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    /* Maximum packet size 30, maximum QoS 0, no retained messages, keep alive 7. */
    meet(client, "200f 0000 0c 270000001e 2400 2500 130007");
    wait_for(client, &connects, 1);
    EXPECT(mosquitto_publish(client, &mid, "t", 1, "x", 1, false) == MOSQ_ERR_QOS_NOT_SUPPORTED);
    EXPECT(mosquitto_publish(client, &mid, "pub/test", 19, "0123456789012345678", 0, false)
           == MOSQ_ERR_OVERSIZE_PACKET);
    EXPECT(mosquitto_subscribe(client, &mid, "0123456789012345678901234", 0)
           == MOSQ_ERR_OVERSIZE_PACKET);
    EXPECT(mosquitto_unsubscribe(client, &mid, "01234567890123456789012345")
           == MOSQ_ERR_OVERSIZE_PACKET);
    EXPECT(mosquitto_subscribe_multiple(client, &mid, 2, filters, 0, 0, NULL)
           == MOSQ_ERR_OVERSIZE_PACKET);
    EXPECT(mid == 0);
    /* The retain flag is dropped; of a packet the first byte does not count. */
    DO(mosquitto_publish(client, &mid, "pub/test", 18, "012345678901234567", 0, true));
    EXPECT(mid == 1);
    HEAR(client, "301d 0008 7075622f74657374 00 303132333435363738393031323334353637");
    again(client);
    meet(client, CONNACK5);
    wait_for(client, &connects, 2);
    DO(mosquitto_publish(client, &mid, "pub/test", 19, "0123456789012345678", 1, true));
    HEAR(client, "3320 0008 7075622f74657374 0002 00 30313233343536373839303132333435363738");
    /* What the server lacks is asked for: it says so itself. */
    again(client);
    meet(client, "200b 0000 08 2401 2800 2900 2a00");
    HEAR(client, "3b20 0008 7075622f74657374 0002 00 30313233343536373839303132333435363738");
    script_say("4002 0002");
    wait_for(client, &publishes, 2);
    DO(mosquitto_subscribe(client, &mid, "a/+", 2));
    HEAR(client, "8209 0003 00 0003 612f2b 02");
    script_say("9004 0003 00 a2");
    mosquitto_destroy(client);
    HEAR_END(client = NULL);
}

/* A QoS 2 message that comes twice is told of once; one that its server has forgotten, not at all. */
static void incoming(void)
{
    struct mosquitto *client = begin_client(4);

    puts("incoming");
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    meet(client, CONNACK311);
    script_say("3206 0001 74 0009 61");
    HEAR(client, "4002 0009");
    wait_for(client, &received, 1);
    script_say("3406 0001 74 0007 61");
    HEAR(client, "5002 0007");
    script_say("3c06 0001 74 0007 61");
    HEAR(client, "5002 0007");
    EXPECT(received == 1);
    script_say("6202 0007");
    HEAR(client, "7002 0007");
    wait_for(client, &received, 2);
    script_say("3406 0001 74 0007 62");
    HEAR(client, "5002 0007");
    script_say("6202 0007");
    HEAR(client, "7002 0007");
    wait_for(client, &received, 3);
    EXPECT(strcmp(last_payload, "b") == 0);
    script_say("3406 0001 74 0008 63");
    HEAR(client, "5002 0008");
    again(client);
    meet(client, CONNACK311);
    script_say("3406 0001 74 0008 64");
    HEAR(client, "5002 0008");
    script_say("6202 0008");
    HEAR(client, "7002 0008");
    wait_for(client, &received, 4);
    EXPECT(strcmp(last_payload, "d") == 0);
    EXPECT(script_is_silent(client, 30) && received == 4);
    mosquitto_destroy(client);
    HEAR_END(client = NULL);
}

/* The rest of a broken packet is no beginning of the next connection; nor are topic aliases. */
static void rests(void)
{
    struct mosquitto *client = begin_client(5);
    mosquitto_property *list = NULL;

    puts("rests");
    DO(mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS_MAXIMUM, 10));
    DO(mosquitto_connect_bind_v5(client, "127.0.0.1", script_port, 60, NULL, list));
    mosquitto_property_free_all(&list);
    script_accept(client);
    HEAR(client, "1014 0004 4d515454 05 02 003c 06 22000a 210014 0001 63");
    script_say(CONNACK5);
    script_say("3008 0001 74 03 230001 61");
    wait_for(client, &received, 1);
    script_say("3007 0000 03 230001 62");
    wait_for(client, &received, 2);
    EXPECT(strcmp(last_payload, "b") == 0);
    script_say("30ff 0100 01");
    EXPECT(script_is_silent(client, 30));
    script_cut();
    wait_for(client, &disconnects, 1);
    EXPECT(script_result == MOSQ_ERR_CONN_LOST);
    DO(mosquitto_reconnect(client));
    script_accept(client);
    /* The properties of the first call go with every CONNECT. */
    HEAR(client, "1014 0004 4d515454 05 02 003c 06 22000a 210014 0001 63");
    script_say(CONNACK5);
    wait_for(client, &connects, 2);
    script_result = 0;
    script_say("3007 0000 03 230001 62");
    HEAR(client, "e001 82");
    HEAR_END(client);
    EXPECT(script_result == 2);
    DO(mosquitto_reconnect(client));
    script_accept(client);
    HEAR(client, "1014 0004 4d515454 05 02 003c 06 22000a 210014 0001 63");
    script_say(CONNACK5);
    wait_for(client, &connects, 3);
    script_result = 0;
    script_say("3007 0000 03 23000b 62");
    HEAR(client, "e001 94");
    HEAR_END(client);
    EXPECT(script_result == 148);
    mosquitto_destroy(client);
}

/* Before CONNACK there is much that a program may do already. */
static void early(void)
{
    struct mosquitto *client = begin_client(4);
    int mid;

    puts("early");
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    DO(mosquitto_subscribe(client, &mid, "a", 1));
    EXPECT(mid == 1);
    DO(mosquitto_publish(client, &mid, "t", 1, "0", 0, false));
    EXPECT(mid == 2 && publishes == 1 && last_mid == 2);
    DO(mosquitto_publish(client, &mid, "t", 1, "1", 1, false));
    EXPECT(mid == 3);
    script_accept(client);
    HEAR(client, CONNECT311);
    HEAR(client, "8206 0001 0001 61 01");
    HEAR(client, "3004 0001 74 30");
    HEAR(client, "3206 0001 74 0003 31");
    script_say(CONNACK311);
    wait_for(client, &connects, 1);
    EXPECT(script_is_silent(client, 30));
    script_say("9003 0001 01 4002 0003");
    wait_for(client, &publishes, 2);
    DO(mosquitto_disconnect(client));
    HEAR(client, "e000");
    mosquitto_destroy(client);
    /* All of it, and the end, without a loop. */
    client = begin_client(4);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    DO(mosquitto_publish(client, &mid, "t", 1, "1", 1, false));
    DO(mosquitto_disconnect(client));
    script_accept(NULL);
    HEAR(NULL, CONNECT311);
    HEAR(NULL, "3206 0001 74 0001 31");
    HEAR(NULL, "e000");
    mosquitto_destroy(client);
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    script_open();
    offline();
    window();
    limits();
    incoming();
    rests();
    early();
    return end();
}
