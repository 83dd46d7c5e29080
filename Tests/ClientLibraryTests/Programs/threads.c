/* SPDX-License-Identifier: Apache-2.0 */
/* The library's thread moves the packets while four threads of the program publish. */
#include <pthread.h>

#include "program.h"

enum { THREADS = 4, EACH = 250 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int subscribed, published, received, out_of_order;
static int next[THREADS];

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)data;
    EXPECT(rc == 0);
    DO(mosquitto_subscribe(client, NULL, "threads/#", 1));
}

static void count(int *counter)
{
    pthread_mutex_lock(&lock);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int *counter, int value)
{
    pthread_mutex_lock(&lock);
    while (*counter < value) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void on_subscribe(
    struct mosquitto *client, void *data, int mid, int qos_count, const int *granted_qos)
{
    (void)client, (void)data, (void)mid, (void)qos_count, (void)granted_qos;
    count(&subscribed);
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)data, (void)mid;
    count(&published);
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    int thread, number;

    (void)client, (void)data;
    EXPECT(sscanf((const char *)message->payload, "%d %d", &thread, &number) == 2);
    if (next[thread] != number) out_of_order++;
    next[thread] = number + 1;
    count(&received);
}

struct work {
    struct mosquitto *client;
    int thread;
};

static void *publish(void *argument)
{
    struct work *work = (struct work *)argument;
    int i;

    for (i = 0; i < EACH; i++) {
        char text[32];
        int length = snprintf(text, sizeof text, "%d %d", work->thread, i);

        DO(mosquitto_publish(work->client, NULL, "threads/a", length, text, 1, false));
    }
    return NULL;
}

int main(int argc, char *argv[])
{
    pthread_t threads[THREADS];
    struct work work[THREADS];
    struct mosquitto *client;
    int i;

    begin(argc, argv);
    client = new_client("threads", NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_start(client));
    EXPECT(mosquitto_loop_start(client) == MOSQ_ERR_INVAL);
    wait_for(&subscribed, 1);
    for (i = 0; i < THREADS; i++) {
        work[i].client = client;
        work[i].thread = i;
        EXPECT(pthread_create(&threads[i], NULL, publish, &work[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    wait_for(&published, THREADS * EACH);
    wait_for(&received, THREADS * EACH);
    printf("published %d, received %d, out of order %d\n", published, received, out_of_order);
    DO(mosquitto_disconnect(client));
    /* The thread may have ended by itself already. */
    i = mosquitto_loop_stop(client, false);
    EXPECT(i == MOSQ_ERR_SUCCESS || i == MOSQ_ERR_INVAL);
    mosquitto_destroy(client);
    return end();
}
