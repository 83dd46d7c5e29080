/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with an SSL_CTX of the program's own. FOLDER has root.crt. */
#include <openssl/ssl.h>

#include "round_trip.h"

int main(int argc, char *argv[])
{
    SSL_CTX *context;
    struct mosquitto *client;

    begin(argc, argv);
    context = SSL_CTX_new(TLS_client_method());
    EXPECT(context != NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    EXPECT(SSL_CTX_load_verify_locations(context, file_in_folder("root.crt"), NULL) == 1);
    client = new_client("ssl_ctx", NULL);
    EXPECT(mosquitto_int_option(client, MOSQ_OPT_SSL_CTX, 1) == MOSQ_ERR_INVAL);
    DO(mosquitto_int_option(client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0));
    DO(mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context));
    /* The library has a reference of its own. */
    SSL_CTX_free(context);
    round_trip(client, "ssl_ctx/a");
    mosquitto_destroy(client);
    return end();
}
