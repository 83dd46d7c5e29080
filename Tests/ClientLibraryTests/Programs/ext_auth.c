/* SPDX-License-Identifier: Apache-2.0 */
/* Extended authentication in two steps, which needs 2.1. The server asks to go on, and lets "yes" in. */
#include "program.h"

static int on_ext_auth(struct mosquitto *client, void *data, const char *auth_method,
    uint16_t auth_data_len, const void *auth_data, const mosquitto_property *props)
{
    (void)data, (void)props;
    printf("%s: %.*s\n", auth_method, auth_data_len, (const char *)auth_data);
    return mosquitto_ext_auth_continue(client, "steps", 3, "yes", NULL);
}

static void on_pre_connect(struct mosquitto *client, void *data)
{
    (void)data;
    puts("about to connect");
    DO(mosquitto_username_pw_set(client, "somebody", NULL));
}

static void on_connect(
    struct mosquitto *client, void *data, int rc, int flags, const mosquitto_property *props)
{
    void *bytes = NULL;
    uint16_t length = 0;

    (void)data, (void)flags;
    printf("connected: %s\n", mosquitto_reason_string(rc));
    EXPECT(mosquitto_property_read_binary(
        props, MQTT_PROP_AUTHENTICATION_DATA, &bytes, &length, false));
    printf("%.*s\n", length, (const char *)bytes);
    free(bytes);
    DO(mosquitto_disconnect(client));
}

int main(int argc, char *argv[])
{
    mosquitto_property *list = NULL;
    struct mosquitto *client;

    begin(argc, argv);
    client = new_client("ext_auth", NULL);
    EXPECT(mosquitto_ext_auth_continue(client, "steps", 0, NULL, NULL) == MOSQ_ERR_PROTOCOL);
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    mosquitto_pre_connect_callback_set(client, on_pre_connect);
    mosquitto_ext_auth_callback_set(client, on_ext_auth);
    mosquitto_connect_v5_callback_set(client, on_connect);
    DO(mosquitto_property_add_string(&list, MQTT_PROP_AUTHENTICATION_METHOD, "steps"));
    DO(mosquitto_property_add_binary(&list, MQTT_PROP_AUTHENTICATION_DATA, "more", 4));
    DO(mosquitto_connect_bind_v5(client, host, port, 60, NULL, list));
    mosquitto_property_free_all(&list);
    DO(mosquitto_loop_forever(client, -1, 1));
    mosquitto_destroy(client);
    return end();
}
