/* SPDX-License-Identifier: Apache-2.0 */
/* Publishes without a connection until as much waits as may, and then connects. */
#include "program.h"

static int published;

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)data;
    printf("published %d\n", mid);
    if (++published == 3) DO(mosquitto_disconnect(client));
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;
    int i, mid, rc;

    begin(argc, argv);
    client = new_client("queue_limit", NULL);
    mosquitto_publish_callback_set(client, on_publish);
    EXPECT(mosquitto_int_option(client, MOSQ_OPT_QUEUED_MAXIMUM, -1) == MOSQ_ERR_INVAL);
    DO(mosquitto_int_option(client, MOSQ_OPT_QUEUED_MAXIMUM, 3));
    for (i = 0; i < 4; i++) {
        rc = mosquitto_publish(client, &mid, "queue_limit/a", 1, "x", 1, false);
        printf("%s\n", mosquitto_strerror(rc));
    }
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    mosquitto_destroy(client);
    return end();
}
