/* SPDX-License-Identifier: Apache-2.0 */
/* A burst of messages without a loop is kept whole, and leaves with the loop; what is idle uses no processor. */
#include <sys/resource.h>

#include "program.h"

enum { COUNT = 20000 };

static int connected, published;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    /* No data were given: the handle stands for them. */
    EXPECT(rc == 0 && data == client);
    connected = 1;
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)data, (void)mid;
    published++;
}

static long processor_milliseconds(void)
{
    struct rusage use;

    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000
        + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;
    char payload[300];
    long before;
    int i;

    begin(argc, argv);
    memset(payload, 'x', sizeof payload);
    client = new_client("burst", NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    DO(mosquitto_connect(client, host, port, 0));
    while (!connected) DO(mosquitto_loop(client, 100, 1));
    for (i = 0; i < COUNT; i++)
        DO(mosquitto_publish(client, NULL, "burst/a", sizeof payload, payload, 0, false));
    while (published < COUNT) DO(mosquitto_loop(client, 100, 1));
    printf("published %d\n", published);
    before = processor_milliseconds();
    for (i = 0; i < 5; i++) DO(mosquitto_loop(client, 200, 1));
    EXPECT(processor_milliseconds() - before < 300);
    DO(mosquitto_disconnect(client));
    mosquitto_destroy(client);
    return end();
}
