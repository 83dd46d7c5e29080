/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with a client certificate whose key is encrypted. FOLDER has root.crt, client.crt, client-encrypted.key. */
#include "round_trip.h"

static int on_password(char *buf, int size, int rwflag, void *userdata)
{
    (void)rwflag;
    EXPECT(userdata != NULL);
    puts("asked for the password");
    EXPECT(size > 6);
    memcpy(buf, "secret", 7);
    return 6;
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("tls_key", NULL);
    EXPECT(mosquitto_tls_set(client, file_in_folder("root.crt"), NULL,
               file_in_folder("client.crt"), NULL, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_tls_set(client, file_in_folder("root.crt"), NULL, file_in_folder("client.crt"),
        file_in_folder("client-encrypted.key"), on_password));
    round_trip(client, "tls_key/a");
    mosquitto_destroy(client);
    return end();
}
