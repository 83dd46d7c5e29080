/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when time passes, many clients side by side: pings, servers that say nothing, pauses before the next
   attempt. */
#include <pthread.h>

#include "script.h"

static __thread int disconnects, disconnect_code;

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    disconnects++;
    disconnect_code = rc;
}

static struct mosquitto *begin_client(int version)
{
    struct mosquitto *client = new_client("c", NULL);

    script_open();
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version));
    mosquitto_disconnect_callback_set(client, on_disconnect);
    return client;
}

/* Whether so many milliseconds have passed, as far as that can be said of a machine with other work. */
static void expect_passed(long since, long milliseconds)
{
    long passed = script_now() - since;

    EXPECT(passed >= milliseconds - 20 && passed < milliseconds + 3000);
}

/* The server asks for a keep alive of 1: a ping comes after a second without a packet; without an answer it is over
   another second later. */
static void *pings(void *unused)
{
    struct mosquitto *client = begin_client(5);
    long begin;

    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    HEAR(client, CONNECT5);
    begin = script_now();
    script_say("2006 0000 03 130001");
    HEAR(client, "c000");
    expect_passed(begin, 1000);
    script_say("d000");
    begin = script_now();
    HEAR(client, "c000");
    while (disconnects == 0) script_turn(client, 100);
    expect_passed(begin, 2000);
    EXPECT(disconnect_code == MOSQ_ERR_KEEPALIVE && script_result == MOSQ_ERR_KEEPALIVE);
    mosquitto_destroy(client);
    return unused;
}

/* A server that does not answer CONNECT is given as long as a keep alive. */
static void *silence(void *unused)
{
    struct mosquitto *client = begin_client(4);
    long begin = script_now();

    DO(mosquitto_connect(client, "127.0.0.1", script_port, 5));
    script_accept(client);
    while (disconnects == 0) script_turn(client, 1000);
    expect_passed(begin, 5000);
    EXPECT(disconnect_code == MOSQ_ERR_KEEPALIVE && script_result == MOSQ_ERR_KEEPALIVE);
    mosquitto_destroy(client);
    return unused;
}

static void *run_forever(void *client)
{
    EXPECT(mosquitto_loop_forever((struct mosquitto *)client, -1, 1) == MOSQ_ERR_SUCCESS);
    return NULL;
}

/* The server says something to whoever connects and closes; how long is it until the next one comes? */
static void pauses(
    unsigned delay, unsigned longest, bool exponential, const char *word, long first, long second)
{
    struct mosquitto *client = begin_client(4);
    pthread_t thread;
    long ended;

    DO(mosquitto_reconnect_delay_set(client, delay, longest, exponential));
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    EXPECT(pthread_create(&thread, NULL, run_forever, client) == 0);
    script_accept(NULL);
    script_say(word);
    script_cut();
    ended = script_now();
    script_accept(NULL);
    expect_passed(ended, first);
    script_say(word);
    script_cut();
    ended = script_now();
    script_accept(NULL);
    expect_passed(ended, second);
    DO(mosquitto_disconnect(client));
    pthread_join(thread, NULL);
    mosquitto_destroy(client);
}

static void *linear(void *unused)
{
    pauses(1, 2, false, "", 1000, 2000);
    return unused;
}

static void *exponential(void *unused)
{
    pauses(1, 3, true, "", 1000, 3000);
    return unused;
}

/* Whoever was accepted begins with the shortest pause again. */
static void *accepted(void *unused)
{
    pauses(1, 6, true, CONNACK311, 1000, 1000);
    return unused;
}

static void *without_maximum(void *unused)
{
    pauses(1, 0, false, "", 1000, 1000);
    return unused;
}

/* A refusal of 3.1.1 is no reason to give up. */
static void *refused(void *unused)
{
    struct mosquitto *client = begin_client(4);
    pthread_t thread;

    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    EXPECT(pthread_create(&thread, NULL, run_forever, client) == 0);
    script_accept(NULL);
    script_say("2002 0005");
    script_accept(NULL);
    script_say(CONNACK311);
    HEAR(NULL, CONNECT311);
    DO(mosquitto_disconnect(client));
    HEAR(NULL, "e000");
    pthread_join(thread, NULL);
    mosquitto_destroy(client);
    return unused;
}

/* A server that is not there yet: connect says so, and the thread goes on trying. */
static void *later(void *unused)
{
    struct mosquitto *client = begin_client(4);
    struct sockaddr_in address;

    close(script_listener);
    errno = 0;
    EXPECT(mosquitto_connect(client, "127.0.0.1", script_port, 60) == MOSQ_ERR_ERRNO);
    EXPECT(errno == ECONNREFUSED && mosquitto_socket(client) == -1);
    DO(mosquitto_loop_start(client));
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)script_port);
    script_listener = socket(AF_INET, SOCK_STREAM, 0);
    DO(setsockopt(script_listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)));
    DO(bind(script_listener, (struct sockaddr *)&address, sizeof address));
    DO(listen(script_listener, 5));
    script_accept(NULL);
    HEAR(NULL, CONNECT311);
    EXPECT(disconnects == 0);
    DO(mosquitto_loop_stop(client, false));
    mosquitto_destroy(client);
    HEAR_END(NULL);
    return unused;
}

int main(int argc, char *argv[])
{
    void *(*const all[])(void *) = {
        pings, silence, linear, exponential, accepted, without_maximum, refused, later,
    };
    pthread_t threads[sizeof all / sizeof all[0]];
    size_t i;

    begin(argc, argv);
    for (i = 0; i < sizeof all / sizeof all[0]; i++)
        EXPECT(pthread_create(&threads[i], NULL, all[i], NULL) == 0);
    for (i = 0; i < sizeof all / sizeof all[0]; i++) pthread_join(threads[i], NULL);
    return end();
}
