/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT over WebSocket, which needs 2.1. */
#include "round_trip.h"

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("websocket", NULL);
    EXPECT(mosquitto_int_option(client, MOSQ_OPT_TRANSPORT, 3) == MOSQ_ERR_INVAL);
    DO(mosquitto_int_option(client, MOSQ_OPT_TRANSPORT, MOSQ_T_WEBSOCKETS));
    EXPECT(mosquitto_int_option(client, MOSQ_OPT_HTTP_HEADER_SIZE, 99) == MOSQ_ERR_INVAL);
    DO(mosquitto_int_option(client, MOSQ_OPT_HTTP_HEADER_SIZE, 8192));
    EXPECT(mosquitto_int_option(client, MOSQ_OPT_HTTP_PATH, 1) == MOSQ_ERR_INVAL);
    DO(mosquitto_string_option(client, MOSQ_OPT_HTTP_PATH, "/mqtt"));
    round_trip(client, "websocket/a");
    mosquitto_destroy(client);
    return end();
}
