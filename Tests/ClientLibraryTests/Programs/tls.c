/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: the server's certificate is checked with a file of authorities. FOLDER has root.crt. */
#include <openssl/ssl.h>

#include "round_trip.h"

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    SSL *ssl = (SSL *)mosquitto_ssl_get(client);

    EXPECT(ssl != NULL);
    printf("%s\n", SSL_get_version(ssl));
    round_trip_connected(client, data, rc);
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("tls", NULL);
    EXPECT(mosquitto_ssl_get(client) == NULL);
    EXPECT(mosquitto_tls_set(client, NULL, NULL, NULL, NULL, NULL) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_tls_set(client, "/nowhere/ca", NULL, NULL, NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_tls_set(client, file_in_folder("root.crt"), NULL, NULL, NULL, NULL));
    EXPECT(mosquitto_tls_opts_set(client, 1, "tlsv9", NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_tls_opts_set(client, 1, "tlsv1.3", NULL));
    DO(mosquitto_tls_insecure_set(client, false));
    round_trip_topic = "tls/a";
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_subscribe_callback_set(client, round_trip_subscribed);
    mosquitto_message_callback_set(client, round_trip_message);
    DO(mosquitto_connect(client, host, port, 60));
    DO(mosquitto_loop_forever(client, -1, 1));
    mosquitto_destroy(client);
    return end();
}
