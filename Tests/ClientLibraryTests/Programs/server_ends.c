/* SPDX-License-Identifier: Apache-2.0 */
/* How connections begin and end, packet by packet: what functions return, what callbacks hear, what the server sees. */
#include <sys/un.h>

#include "script.h"

static int connects, connect_code, disconnects, disconnect_code, before;
static struct mosquitto *leaves;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    connects++;
    connect_code = rc;
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    disconnects++;
    disconnect_code = rc;
    if (leaves == client) EXPECT(mosquitto_disconnect(client) == MOSQ_ERR_NO_CONN);
}

static void on_pre_connect(struct mosquitto *client, void *data)
{
    (void)data;
    before++;
    DO(mosquitto_username_pw_set(client, "u", "p"));
}

static struct mosquitto *begin_client(int version)
{
    struct mosquitto *client = new_client("c", NULL);

    connects = disconnects = before = script_result = 0;
    connect_code = disconnect_code = -1;
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    return client;
}

static void wait_for(struct mosquitto *client, const int *counter, int value)
{
    long until = script_now() + 5000;

    while (*counter < value && script_now() < until) script_turn(client, 10);
    EXPECT(*counter == value);
}

static void go(struct mosquitto *client, const char *connect, const char *connack)
{
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    HEAR(client, connect);
    script_say(connack);
    wait_for(client, &connects, connects + 1);
}

/* What the codes of a SOCKS proxy come to. */
static void proxies(void)
{
    static const int codes[] = {16, 11, 4, 4, 4, 16, 16, 16, 3};
    int reply;

    puts("proxies");
    for (reply = 1; reply <= 9; reply++) {
        struct mosquitto *client = begin_client(4);
        char words[64];

        DO(mosquitto_socks5_set(client, "127.0.0.1", script_port, NULL, NULL));
        DO(mosquitto_connect(client, reply % 2 ? "10.1.2.3" : "host", 1883, 60));
        script_accept(client);
        HEAR(client, "050100");
        script_say("0500");
        HEAR(client, reply % 2 ? "050100 01 0a010203 075b" : "050100 03 04 686f7374 075b");
        snprintf(words, sizeof words, "05%02x00 01 00000000 0000", reply);
        script_say(words);
        if (reply == 1) {
            EXPECT(mosquitto_loop_forever(client, -1, 1) == codes[0]);
            EXPECT(disconnects == 1 && disconnect_code == codes[0]);
        } else {
            wait_for(client, &disconnects, 1);
            if (script_result != codes[reply - 1] || disconnect_code != codes[reply - 1])
                printf("reply %d: %d, %d\n", reply, script_result, disconnect_code);
        }
        EXPECT(connects == 0);
        mosquitto_destroy(client);
    }
}

/* A server without WebSockets; the next attempt asks for one again. */
static void websocket(void)
{
    struct mosquitto *client = begin_client(5);
    const char *answer = "HTTP/1.1 404 Not Found\r\n\r\n";
    int attempt;

    puts("websocket");
    DO(mosquitto_int_option(client, MOSQ_OPT_TRANSPORT, MOSQ_T_WEBSOCKETS));
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    for (attempt = 1; attempt <= 2; attempt++) {
        unsigned char bytes[1024];
        size_t count = 0;

        script_accept(client);
        while (count < 4 || memcmp(bytes + count - 4, "\r\n\r\n", 4) != 0)
            EXPECT(script_read(client, bytes + count++, 1) == 1);
        EXPECT(memcmp(bytes, "GET /mqtt HTTP/1.1\r\n", 20) == 0);
        EXPECT(send(script_peer, answer, strlen(answer), MSG_NOSIGNAL) > 0);
        wait_for(client, &disconnects, attempt);
        EXPECT(script_result == MOSQ_ERR_UNKNOWN && disconnect_code == MOSQ_ERR_UNKNOWN);
        if (attempt == 1) DO(mosquitto_reconnect(client));
    }
    mosquitto_destroy(client);
}

/* When loop_forever gives up. */
static void forever(void)
{
    struct mosquitto *client = begin_client(5);

    puts("forever");
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    script_say("2003 0087 00");
    EXPECT(mosquitto_loop_forever(client, -1, 1) == MOSQ_ERR_PROTOCOL);
    EXPECT(connect_code == 0x87 && disconnects == 1 && disconnect_code == MOSQ_ERR_PROTOCOL);
    mosquitto_destroy(client);
    /* A server that knows 3.1.1 alone. */
    client = begin_client(5);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    script_say("2002 0001");
    EXPECT(mosquitto_loop_forever(client, -1, 1) == MOSQ_ERR_PROTOCOL);
    EXPECT(connect_code == 0x84 && disconnect_code == MOSQ_ERR_PROTOCOL);
    mosquitto_destroy(client);
    /* The program wants the end when the connection is lost, whatever errno says. */
    leaves = client = begin_client(4);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    script_say(CONNACK311);
    script_cut();
    errno = EPROTO;
    DO(mosquitto_loop_forever(client, -1, 1));
    EXPECT(disconnects == 1 && disconnect_code == MOSQ_ERR_CONN_LOST);
    mosquitto_destroy(client);
    /* Lost although the server has said goodbye: the loop returns 0 first. */
    leaves = client = begin_client(5);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    script_say(CONNACK5);
    script_say("e001 8b");
    DO(mosquitto_loop_forever(client, -1, 1));
    EXPECT(disconnects == 1 && disconnect_code == 0x8b);
    mosquitto_destroy(client);
    leaves = NULL;
}

/* Ends that the program has wished. */
static void wished(void)
{
    struct mosquitto *client = begin_client(4);
    mosquitto_property *list = NULL;

    puts("wished");
    go(client, CONNECT311, CONNACK311);
    DO(mosquitto_disconnect(client));
    HEAR(client, "e000");
    script_cut();
    wait_for(client, &disconnects, 1);
    EXPECT(disconnect_code == 0 && (script_result == 0 || script_result == MOSQ_ERR_NO_CONN));
    EXPECT(mosquitto_socket(client) == -1 && mosquitto_loop(client, 0, 1) == MOSQ_ERR_NO_CONN);
    /* The handle goes on. */
    go(client, CONNECT311, CONNACK311);
    /* A connection that is replaced ends without a word to anybody. */
    {
        int replaced = script_peer;

        script_peer = -1;
        DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
        script_accept(client);
        HEAR(client, CONNECT311);
        script_say(CONNACK311);
        wait_for(client, &connects, 3);
        EXPECT(recv(replaced, &connects, 1, 0) <= 0);
        close(replaced);
        EXPECT(disconnects == 1);
    }
    DO(mosquitto_reinitialise(client, "c", true, NULL));
    HEAR_END(client = client);
    EXPECT(disconnects == 1);
    mosquitto_destroy(client);
    /* With a reason and properties. */
    client = begin_client(5);
    go(client, CONNECT5, CONNACK5);
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 5));
    DO(mosquitto_disconnect_v5(client, 4, list));
    HEAR(client, "e007 04 05 1100000005");
    mosquitto_property_free_all(&list);
    mosquitto_destroy(client);
    /* Before CONNACK. */
    client = begin_client(5);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    HEAR(client, CONNECT5);
    DO(mosquitto_disconnect(client));
    HEAR(client, "e000");
    wait_for(client, &disconnects, 1);
    EXPECT(disconnect_code == 0 && connects == 0);
    mosquitto_destroy(client);
}

/* What CONNECT says. */
static void beginnings(void)
{
    struct mosquitto *client = begin_client(4);
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    unsigned char bytes[64];

    puts("beginnings");
    mosquitto_pre_connect_callback_set(client, on_pre_connect);
    DO(mosquitto_will_set(client, "w", 1, "x", 1, false));
    DO(mosquitto_will_set(client, "v", 1, "y", 2, true));
    DO(mosquitto_connect_bind(client, "127.0.0.1", script_port, 10, "127.0.0.5"));
    EXPECT(before == 1);
    script_accept(client);
    HEAR(client, "1019 0004 4d515454 04 f6 000a 0001 63 0001 76 0001 79 0001 75 0001 70");
    EXPECT(getpeername(script_peer, (struct sockaddr *)&address, &length) == 0);
    EXPECT(address.sin_addr.s_addr == htonl(0x7f000005));
    script_say(CONNACK311);
    wait_for(client, &connects, 1);
    mosquitto_pre_connect_callback_set(client, NULL);
    DO(mosquitto_will_clear(client));
    DO(mosquitto_username_pw_set(client, NULL, NULL));
    /* The local address stays. */
    go(client, CONNECT311, CONNACK311);
    EXPECT(getpeername(script_peer, (struct sockaddr *)&address, &length) == 0);
    EXPECT(address.sin_addr.s_addr == htonl(0x7f000005) && before == 1);
    mosquitto_destroy(client);
    /* A client identifier: none, made by the client, given by the server. */
    client = mosquitto_new(NULL, true, NULL);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 0));
    script_accept(client);
    HEAR(client, "100c 0004 4d515454 04 02 0000 0000");
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, 3));
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    EXPECT(script_read(client, bytes, 39) == 39);
    EXPECT(memcmp(bytes + 14, "\0\x17mosq-", 7) == 0);
    mosquitto_destroy(client);
    client = mosquitto_new(NULL, true, NULL);
    connects = 0;
    mosquitto_connect_callback_set(client, on_connect);
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, 5));
    DO(mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, 0));
    go(client, "1010 0004 4d515454 05 02 003c 03 21ffff 0000", "2007 0000 04 120001 78");
    script_cut();
    while (mosquitto_loop(client, 10, 1) == 0) { }
    DO(mosquitto_reconnect(client));
    script_accept(client);
    HEAR(client, "1011 0004 4d515454 05 02 003c 03 21ffff 0001 78");
    mosquitto_destroy(client);
    /* Not asked for. */
    client = begin_client(5);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    HEAR(client, CONNECT5);
    script_say("2007 0000 04 120001 78");
    wait_for(client, &disconnects, 1);
    EXPECT(script_result == MOSQ_ERR_PROTOCOL && connects == 0);
    mosquitto_destroy(client);
}

/* A Unix domain socket stands in the place of the host, with port 0. */
static void unix_socket(void)
{
    struct mosquitto *client = begin_client(4);
    struct sockaddr_un address;
    int listener = script_listener;

    puts("unix socket");
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/server_ends.%d", (int)getpid());
    unlink(address.sun_path);
    script_listener = socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT(bind(script_listener, (struct sockaddr *)&address, sizeof address) == 0);
    EXPECT(listen(script_listener, 1) == 0);
    DO(mosquitto_connect(client, address.sun_path, 0, 60));
    script_accept(client);
    HEAR(client, CONNECT311);
    unlink(address.sun_path);
    mosquitto_destroy(client);
    close(script_listener);
    script_listener = listener;
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    script_open();
    proxies();
    websocket();
    forever();
    wished();
    beginnings();
    unix_socket();
    return end();
}
