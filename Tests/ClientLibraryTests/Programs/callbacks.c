/* SPDX-License-Identifier: Apache-2.0 */
/* In which order, on which thread and within what a program's functions are called; and what they may do: ending the
   handle, its thread, its connection. */
#include <pthread.h>
#include <time.h>

#include "program.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char order[512];
static pthread_t teller;
static int is_over, is_logged;

static void note(const char *what)
{
    pthread_mutex_lock(&lock);
    EXPECT(strlen(order) + strlen(what) + 2 < sizeof order);
    if (order[0]) strcat(order, " ");
    strcat(order, what);
    teller = pthread_self();
    pthread_mutex_unlock(&lock);
}

static void finish(void)
{
    pthread_mutex_lock(&lock);
    is_over = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for_end(void)
{
    pthread_mutex_lock(&lock);
    while (!is_over) pthread_cond_wait(&changed, &lock);
    is_over = 0;
    pthread_mutex_unlock(&lock);
}

static long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#define IGNORE (void)m, (void)o

static void on_connect(struct mosquitto *m, void *o, int rc)
{
    IGNORE;
    EXPECT(rc == 0);
    note("connect");
}

static void on_connect_with_flags(struct mosquitto *m, void *o, int rc, int flags)
{
    IGNORE;
    EXPECT(rc == 0 && flags == 0);
    note("connect_with_flags");
}

static void on_connect_v5(
    struct mosquitto *m, void *o, int rc, int flags, const mosquitto_property *list)
{
    (void)o, (void)list;
    EXPECT(rc == 0 && flags == 0);
    note("connect_v5");
    DO(mosquitto_subscribe(m, NULL, "callbacks/a", 1));
}

static void on_subscribe(struct mosquitto *m, void *o, int mid, int count, const int *granted)
{
    IGNORE;
    EXPECT(mid == 1 && count == 1 && granted[0] == 1);
    note("subscribe");
}

static void on_subscribe_v5(struct mosquitto *m, void *o, int mid, int count, const int *granted,
                            const mosquitto_property *list)
{
    (void)o, (void)list;
    EXPECT(mid == 1 && count == 1 && granted[0] == 1);
    note("subscribe_v5");
    DO(mosquitto_publish(m, NULL, "callbacks/a", 1, "x", 1, false));
    note("published");
}

static void on_publish(struct mosquitto *m, void *o, int mid)
{
    IGNORE;
    EXPECT(mid == 2);
    note("publish");
}

static void on_publish_v5(
    struct mosquitto *m, void *o, int mid, int reason, const mosquitto_property *list)
{
    IGNORE, (void)list;
    EXPECT(mid == 2 && (reason == 0 || reason == 16));
    note("publish_v5");
}

static void on_message(struct mosquitto *m, void *o, const struct mosquitto_message *message)
{
    IGNORE;
    EXPECT(message->payloadlen == 1 && strcmp((const char *)message->payload, "x") == 0);
    EXPECT(message->qos == 1 && !message->retain && message->mid > 0);
    note("message");
}

static void on_message_v5(struct mosquitto *m, void *o, const struct mosquitto_message *message,
                          const mosquitto_property *list)
{
    (void)o, (void)message, (void)list;
    note("message_v5");
    DO(mosquitto_unsubscribe(m, NULL, "callbacks/a"));
}

static void on_unsubscribe(struct mosquitto *m, void *o, int mid)
{
    IGNORE;
    EXPECT(mid == 3);
    note("unsubscribe");
}

static void on_unsubscribe_v5(
    struct mosquitto *m, void *o, int mid, const mosquitto_property *list)
{
    (void)o, (void)mid, (void)list;
    note("unsubscribe_v5");
    DO(mosquitto_disconnect(m));
}

static void on_disconnect(struct mosquitto *m, void *o, int rc)
{
    IGNORE;
    EXPECT(rc == 0);
    note("disconnect");
}

static void on_disconnect_v5(
    struct mosquitto *m, void *o, int rc, const mosquitto_property *list)
{
    IGNORE;
    EXPECT(rc == 0 && list == NULL);
    note("disconnect_v5");
    finish();
}

static void on_log(struct mosquitto *m, void *o, int level, const char *text)
{
    IGNORE;
    EXPECT(level > 0 && text[0] != 0 && text[strlen(text) - 1] != '\n');
    is_logged = 1;
}

static struct mosquitto *with_all(int version)
{
    struct mosquitto *client = new_client("callbacks", NULL);

    order[0] = 0;
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, version));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_connect_with_flags_callback_set(client, on_connect_with_flags);
    mosquitto_connect_v5_callback_set(client, on_connect_v5);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe_v5);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_publish_v5_callback_set(client, on_publish_v5);
    mosquitto_message_callback_set(client, on_message);
    mosquitto_message_v5_callback_set(client, on_message_v5);
    mosquitto_unsubscribe_callback_set(client, on_unsubscribe);
    mosquitto_unsubscribe_v5_callback_set(client, on_unsubscribe_v5);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_disconnect_v5_callback_set(client, on_disconnect_v5);
    mosquitto_log_callback_set(client, on_log);
    return client;
}

/* PUBACK and the message itself come in either order. */
static void print_order(void)
{
    char *publish = strstr(order, " publish publish_v5");

    EXPECT(publish != NULL && strstr(order, " message message_v5") != NULL);
    memmove(publish, publish + 19, strlen(publish + 19) + 1);
    puts(order);
}

static void in_order(void)
{
    struct mosquitto *client = with_all(5);

    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    wait_for_end();
    EXPECT(pthread_equal(teller, pthread_self()));
    print_order();
    mosquitto_destroy(client);
    client = with_all(4);
    DO(mosquitto_loop_start(client));
    DO(mosquitto_connect_async(client, host, port, 60));
    wait_for_end();
    EXPECT(!pthread_equal(teller, pthread_self()));
    print_order();
    EXPECT(is_logged);
    mosquitto_loop_stop(client, true);
    mosquitto_destroy(client);
}

static void on_connect_stop(struct mosquitto *m, void *o, int rc)
{
    (void)o;
    EXPECT(rc == 0);
    /* The thread that is to stop asks for it. */
    DO(mosquitto_loop_stop(m, o != NULL));
    finish();
}

/* A thread ends at once in every state, for whoever asks. */
static void threads_end(void)
{
    struct mosquitto *client = new_client(NULL, NULL);
    int force;
    long begin;

    for (force = 0; force < 2; force++) {
        /* Never connected. */
        begin = now();
        DO(mosquitto_loop_start(client));
        EXPECT(mosquitto_loop_start(client) == MOSQ_ERR_INVAL);
        DO(mosquitto_loop_stop(client, force));
        EXPECT(mosquitto_loop_stop(client, force) == MOSQ_ERR_INVAL);
        /* Connected, and not disconnected. */
        DO(mosquitto_loop_start(client));
        DO(mosquitto_connect(client, host, port, 60));
        DO(mosquitto_loop_stop(client, force));
        EXPECT(mosquitto_socket(client) >= 0);
        /* In a pause before the next attempt, which is long. */
        EXPECT(mosquitto_connect(client, "127.0.0.1", 1, 60) == MOSQ_ERR_ERRNO);
        DO(mosquitto_reconnect_delay_set(client, 20, 20, false));
        DO(mosquitto_loop_start(client));
        DO(mosquitto_loop_stop(client, force));
        /* Somebody who does not answer: 192.0.2.0/24 belongs to documents. */
        DO(mosquitto_connect_async(client, "192.0.2.1", 1883, 60));
        DO(mosquitto_loop_start(client));
        DO(mosquitto_loop_stop(client, force));
        EXPECT(now() - begin < 1000);
        /* From within. */
        mosquitto_connect_callback_set(client, on_connect_stop);
        mosquitto_user_data_set(client, force ? client : NULL);
        DO(mosquitto_loop_start(client));
        DO(mosquitto_connect(client, host, port, 60));
        wait_for_end();
        mosquitto_connect_callback_set(client, NULL);
        EXPECT(mosquitto_loop_stop(client, force) == MOSQ_ERR_INVAL);
        DO(mosquitto_disconnect(client));
        mosquitto_destroy(client);
        client = new_client(NULL, NULL);
    }
    mosquitto_destroy(client);
    puts("threads end");
}

/* Where the handle is to be ended. */
static const char *place;

static void end_here(struct mosquitto *m, const char *where)
{
    if (strcmp(where, place) != 0) return;
    mosquitto_destroy(m);
    finish();
}

static void d_pre_connect(struct mosquitto *m, void *o)
{
    (void)o;
    end_here(m, "pre_connect");
}

static void d_connect(struct mosquitto *m, void *o, int rc)
{
    (void)o, (void)rc;
    if (strcmp(place, "connect") == 0) return end_here(m, "connect");
    DO(mosquitto_subscribe(m, NULL, "callbacks/d", 2));
}

static void d_subscribe(struct mosquitto *m, void *o, int mid, int count, const int *granted)
{
    (void)o, (void)mid, (void)count, (void)granted;
    if (strcmp(place, "subscribe") == 0) return end_here(m, "subscribe");
    DO(mosquitto_publish(m, NULL, "callbacks/d", 1, "x", strcmp(place, "publish0") ? 2 : 0, false));
}

static void d_publish(struct mosquitto *m, void *o, int mid)
{
    (void)o, (void)mid;
    end_here(m, strcmp(place, "publish0") ? "publish" : "publish0");
}

static void d_message(struct mosquitto *m, void *o, const struct mosquitto_message *message)
{
    (void)o, (void)message;
    if (strcmp(place, "disconnect") == 0) DO(mosquitto_disconnect(m));
    end_here(m, "message");
}

static void d_disconnect(struct mosquitto *m, void *o, int rc)
{
    (void)o, (void)rc;
    end_here(m, "disconnect");
}

static void d_log(struct mosquitto *m, void *o, int level, const char *text)
{
    (void)o, (void)level, (void)text;
    end_here(m, "log");
}

static struct mosquitto *to_be_ended(const char *where)
{
    struct mosquitto *client = new_client(NULL, NULL);

    place = where;
    mosquitto_pre_connect_callback_set(client, d_pre_connect);
    mosquitto_connect_callback_set(client, d_connect);
    mosquitto_subscribe_callback_set(client, d_subscribe);
    mosquitto_publish_callback_set(client, d_publish);
    mosquitto_message_callback_set(client, d_message);
    mosquitto_disconnect_callback_set(client, d_disconnect);
    if (strcmp(where, "log") == 0) mosquitto_log_callback_set(client, d_log);
    return client;
}

static void ended_within(void)
{
    static const char *places[] = {"pre_connect", "connect", "subscribe", "publish",
                                   "publish0", "message", "disconnect", "log"};
    size_t i;

    for (i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct mosquitto *client = to_be_ended(places[i]);

        DO(mosquitto_loop_start(client));
        mosquitto_connect_async(client, host, port, 60);
        wait_for_end();
        client = to_be_ended(places[i]);
        mosquitto_connect(client, host, port, 60);
        if (!is_over) mosquitto_loop_forever(client, -1, 1);
        wait_for_end();
    }
    puts("handles end");
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    in_order();
    threads_end();
    ended_within();
    return end();
}
