/* SPDX-License-Identifier: Apache-2.0 */
/* A program on libmosquitto that sends or receives many messages, and what of the processor it takes:
   library HOST PORT send|receive QOS COUNT [IN FLIGHT]
   Prints microseconds of the processor for each message. */
#include <mosquitto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char payload[64] = "sixty-four bytes of payload";
static int qos, total, in_flight = 20, begun, done;
static bool sends;

static void begin(struct mosquitto *client)
{
    begun++;
    if (mosquitto_publish(client, NULL, "library/load", sizeof payload, payload, qos, false)) exit(1);
}

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    int i;

    (void)data;
    if (rc) exit(1);
    if (!sends) {
        if (mosquitto_subscribe(client, NULL, "library/load", qos)) exit(1);
        return;
    }
    for (i = 0; i < in_flight && begun < total; i++) begin(client);
}

static void on_subscribe(struct mosquitto *client, void *data, int mid, int count, const int *granted)
{
    (void)client, (void)data, (void)mid, (void)count, (void)granted;
    puts("ready");
    fflush(stdout);
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data, (void)mid;
    if (++done == total) {
        mosquitto_disconnect(client);
    } else if (begun < total) {
        begin(client);
    }
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)data, (void)message;
    if (++done == total) mosquitto_disconnect(client);
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;
    struct rusage usage;

    if (argc < 6) return 2;
    qos = atoi(argv[4]);
    total = atoi(argv[5]);
    if (argc > 6) in_flight = atoi(argv[6]);
    sends = strcmp(argv[3], "send") == 0;
    mosquitto_lib_init();
    client = mosquitto_new(NULL, true, NULL);
    if (!sends) {
        mosquitto_message_callback_set(client, on_message);
        mosquitto_subscribe_callback_set(client, on_subscribe);
    } else {
        mosquitto_publish_callback_set(client, on_publish);
    }
    mosquitto_connect_callback_set(client, on_connect);
    if (mosquitto_connect(client, argv[1], atoi(argv[2]), 60)) return 1;
    if (mosquitto_loop_forever(client, -1, 1)) return 1;
    mosquitto_destroy(client);
    getrusage(RUSAGE_SELF, &usage);
    printf("%.3f\n",
           ((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / total);
    return 0;
}
