/* SPDX-License-Identifier: Apache-2.0 */
/* One handle, used as two clients after one another. */
#include "round_trip.h"

static void never(struct mosquitto *client, void *data, int level, const char *text)
{
    (void)client, (void)data, (void)level;
    fprintf(stderr, "a log line for one who has gone: %s\n", text);
    exit(1);
}

static int is_quiet;

static void on_log(struct mosquitto *client, void *data, int level, const char *text)
{
    (void)data, (void)level, (void)text;
    if (is_quiet) never(client, data, level, text);
}

int main(int argc, char *argv[])
{
    int first = 1, second = 2;
    struct mosquitto *client;

    begin(argc, argv);
    EXPECT(mosquitto_new(NULL, false, NULL) == NULL);
    client = new_client("reinitialise-1", &first);
    mosquitto_log_callback_set(client, on_log);
    DO(mosquitto_will_set(client, "reinitialise/will", 0, NULL, 0, false));
    EXPECT(mosquitto_username_pw_set(client, NULL, "password") == MOSQ_ERR_INVAL);
    DO(mosquitto_username_pw_set(client, "user", "password"));
    round_trip(client, "reinitialise/a");
    /* Nothing of the first client is left: neither its callbacks nor its user data. */
    is_quiet = 1;
    EXPECT(mosquitto_reinitialise(client, NULL, false, NULL) == MOSQ_ERR_INVAL);
    DO(mosquitto_reinitialise(client, "reinitialise-2", true, &second));
    EXPECT(mosquitto_userdata(client) == &second);
    EXPECT(mosquitto_socket(client) == -1);
    round_trip(client, "reinitialise/b");
    mosquitto_destroy(client);
    return end();
}
