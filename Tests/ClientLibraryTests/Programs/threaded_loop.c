/* SPDX-License-Identifier: Apache-2.0 */
/* One thread of the program runs the loop, another one publishes: the library is told so. */
#include <pthread.h>

#include "program.h"

enum { COUNT = 500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_connected, published;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    EXPECT(rc == 0);
    pthread_mutex_lock(&lock);
    is_connected = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* Takes the lock that the publishing thread holds while it publishes. */
static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)data, (void)mid;
    pthread_mutex_lock(&lock);
    if (++published == COUNT) pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void *run_loop(void *argument)
{
    struct mosquitto *client = (struct mosquitto *)argument;
    int result;

    do {
        result = mosquitto_loop(client, 100, 1);
    } while (result == MOSQ_ERR_SUCCESS);
    printf("the loop ended: %s\n", result == MOSQ_ERR_NO_CONN ? "no connection" : "failure");
    return NULL;
}

int main(int argc, char *argv[])
{
    pthread_t thread;
    struct mosquitto *client;
    int i;

    begin(argc, argv);
    client = new_client("threaded_loop", NULL);
    DO(mosquitto_threaded_set(client, true));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, host, port, 60));
    EXPECT(pthread_create(&thread, NULL, run_loop, client) == 0);
    pthread_mutex_lock(&lock);
    while (!is_connected) pthread_cond_wait(&changed, &lock);
    for (i = 0; i < COUNT; i++) {
        DO(mosquitto_publish(client, NULL, "threaded_loop/a", 1, "x", i % 3, false));
    }
    while (published < COUNT) pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    printf("published %d\n", published);
    DO(mosquitto_disconnect(client));
    pthread_join(thread, NULL);
    mosquitto_destroy(client);
    return end();
}
