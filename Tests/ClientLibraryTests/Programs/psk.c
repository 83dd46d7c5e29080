/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with a key that both sides know. */
#include "round_trip.h"

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("psk", NULL);
    EXPECT(mosquitto_tls_psk_set(client, "not hexadecimal", "name", NULL) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_tls_psk_set(client, "0123456789abcdef", NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_tls_psk_set(client, "0123456789abcdef", "name", NULL));
    round_trip(client, "psk/a");
    mosquitto_destroy(client);
    return end();
}
