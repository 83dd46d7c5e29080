/* SPDX-License-Identifier: Apache-2.0 */
/* What each function says of arguments that are wrong, in the order in which they are looked at. */
#include <errno.h>

#include "program.h"

#define IS(code, call)                                                                 \
    do {                                                                               \
        int result_ = (call);                                                          \
        if (result_ != (code)) {                                                       \
            printf("line %d: %d instead of %d: %s\n", __LINE__, result_, code, #call); \
        }                                                                              \
    } while (0)
#define INVALID(call) IS(MOSQ_ERR_INVAL, call)

static void handles(void)
{
    struct mosquitto *client;

    errno = 0;
    EXPECT(mosquitto_new(NULL, false, NULL) == NULL && errno == EINVAL);
    errno = 0;
    EXPECT(mosquitto_new("", true, NULL) == NULL && errno == EINVAL);
    errno = 0;
    EXPECT(mosquitto_new("\xc0\x80", true, NULL) == NULL);
    errno = 0;
    client = mosquitto_new("results", true, NULL);
    EXPECT(client != NULL && errno == 0);
    EXPECT(mosquitto_userdata(client) == client);
    EXPECT(mosquitto_socket(client) == -1 && !mosquitto_want_write(client));
    EXPECT(mosquitto_ssl_get(client) == NULL);
    INVALID(mosquitto_reinitialise(client, NULL, false, NULL));
    INVALID(mosquitto_reinitialise(client, "", true, NULL));
    IS(MOSQ_ERR_MALFORMED_UTF8, mosquitto_reinitialise(client, "\xff", true, NULL));
    IS(0, mosquitto_reinitialise(client, "again", true, &client));
    EXPECT(mosquitto_userdata(client) == &client);
    mosquitto_destroy(client);
    mosquitto_destroy(NULL);
}

static void without_handle(void)
{
    INVALID(mosquitto_connect(NULL, "h", 1883, 60));
    INVALID(mosquitto_connect_async(NULL, "h", 1883, 60));
    INVALID(mosquitto_connect_bind_v5(NULL, "h", 1883, 60, NULL, NULL));
    INVALID(mosquitto_reconnect(NULL));
    INVALID(mosquitto_disconnect(NULL));
    INVALID(mosquitto_publish(NULL, NULL, "a", 0, NULL, 0, false));
    INVALID(mosquitto_subscribe(NULL, NULL, "a", 0));
    INVALID(mosquitto_unsubscribe(NULL, NULL, "a"));
    INVALID(mosquitto_loop(NULL, 0, 1));
    INVALID(mosquitto_loop_forever(NULL, 0, 1));
    INVALID(mosquitto_loop_start(NULL));
    INVALID(mosquitto_loop_stop(NULL, false));
    INVALID(mosquitto_loop_misc(NULL));
    INVALID(mosquitto_loop_read(NULL, 1));
    INVALID(mosquitto_loop_write(NULL, 1));
    INVALID(mosquitto_will_set(NULL, "a", 0, NULL, 0, false));
    INVALID(mosquitto_will_clear(NULL));
    INVALID(mosquitto_username_pw_set(NULL, "a", NULL));
    INVALID(mosquitto_tls_set(NULL, "a", NULL, NULL, NULL, NULL));
    INVALID(mosquitto_tls_psk_set(NULL, "ab", "i", NULL));
    INVALID(mosquitto_threaded_set(NULL, true));
    INVALID(mosquitto_reconnect_delay_set(NULL, 1, 1, false));
    INVALID(mosquitto_socks5_set(NULL, "h", 1080, NULL, NULL));
    EXPECT(mosquitto_socket(NULL) == -1 && !mosquitto_want_write(NULL));
    EXPECT(mosquitto_userdata(NULL) == NULL && mosquitto_ssl_get(NULL) == NULL);
    mosquitto_connect_callback_set(NULL, NULL);
    mosquitto_log_callback_set(NULL, NULL);
    IS(MOSQ_ERR_PROTOCOL, mosquitto_ext_auth_continue(NULL, "m", 0, NULL, NULL));
}

static void connecting(struct mosquitto *client)
{
    INVALID(mosquitto_reconnect(client));
    INVALID(mosquitto_connect(client, NULL, 1883, 60));
    INVALID(mosquitto_connect(client, "h", -1, 60));
    INVALID(mosquitto_connect(client, "h", 65536, 60));
    INVALID(mosquitto_connect(client, "h", 1883, 4));
    INVALID(mosquitto_connect(client, "h", 1883, 65536));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_connect_srv(client, "h", 60, NULL));
    IS(MOSQ_ERR_NO_CONN, mosquitto_disconnect(client));
    INVALID(mosquitto_disconnect_v5(client, 256, NULL));
    IS(MOSQ_ERR_NO_CONN, mosquitto_loop(client, 0, 1));
    INVALID(mosquitto_loop(client, 0, 0));
    IS(MOSQ_ERR_NO_CONN, mosquitto_loop_misc(client));
    INVALID(mosquitto_loop_stop(client, false));
    errno = 0;
    IS(MOSQ_ERR_ERRNO, mosquitto_connect(client, "127.0.0.1", 1, 60));
    EXPECT(errno == ECONNREFUSED);
    IS(MOSQ_ERR_EAI, mosquitto_connect(client, "no such name.invalid", 1883, 60));
}

static void messages(struct mosquitto *client)
{
    mosquitto_property *list = NULL;
    int mid = 77;

    INVALID(mosquitto_publish(client, &mid, "a", 0, NULL, 3, false));
    INVALID(mosquitto_publish(client, &mid, NULL, 0, NULL, 0, false));
    INVALID(mosquitto_publish(client, &mid, "", 0, NULL, 0, false));
    INVALID(mosquitto_publish(client, &mid, "a/+", 0, NULL, 0, false));
    INVALID(mosquitto_publish(client, &mid, "a", 1, NULL, 1, false));
    IS(MOSQ_ERR_MALFORMED_UTF8, mosquitto_publish(client, &mid, "\xff", 0, NULL, 0, false));
    IS(MOSQ_ERR_PAYLOAD_SIZE, mosquitto_publish(client, &mid, "a", -1, "x", 0, false));
    IS(MOSQ_ERR_PAYLOAD_SIZE, mosquitto_publish(client, &mid, "a", 268435456, "x", 0, false));
    EXPECT(mid == 77);
    IS(MOSQ_ERR_NO_CONN, mosquitto_publish(client, &mid, "a", 1, "x", 0, false));
    EXPECT(mid == 1);
    IS(0, mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 1));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_publish_v5(client, NULL, "a", 0, NULL, 0, false, list));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_disconnect_v5(client, 0, list));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_subscribe_v5(client, NULL, "a", 0, 0, list));
    INVALID(mosquitto_subscribe(client, NULL, "a", 3));
    INVALID(mosquitto_subscribe_v5(client, NULL, "a", 0, 0x30, NULL));
    INVALID(mosquitto_subscribe_v5(client, NULL, "a", 0, 0x40, NULL));
    IS(MOSQ_ERR_NO_CONN, mosquitto_subscribe(client, NULL, "a", 0));
    IS(MOSQ_ERR_NO_CONN, mosquitto_unsubscribe(client, NULL, "a"));
    INVALID(mosquitto_subscribe_multiple(client, NULL, 0, NULL, 0, 0, NULL));
    INVALID(mosquitto_unsubscribe_multiple(client, NULL, 0, NULL, NULL));
    IS(0, mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    IS(MOSQ_ERR_PROTOCOL, mosquitto_disconnect_v5(client, 0, list));
    IS(0, mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 2));
    IS(MOSQ_ERR_DUPLICATE_PROPERTY,
       mosquitto_publish_v5(client, NULL, "a", 0, NULL, 0, false, list));
    IS(0, mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311));
    mosquitto_property_free_all(&list);
}

static void wills(struct mosquitto *client)
{
    mosquitto_property *list = NULL;
    static char long_text[70000];

    memset(long_text, 'a', sizeof(long_text) - 1);
    INVALID(mosquitto_will_set(client, NULL, 0, NULL, 0, false));
    INVALID(mosquitto_will_set(client, "a/#", 0, NULL, 0, false));
    INVALID(mosquitto_will_set(client, "a", 1, NULL, 0, false));
    INVALID(mosquitto_will_set(client, "a", 0, NULL, 7, false));
    IS(MOSQ_ERR_PAYLOAD_SIZE, mosquitto_will_set(client, "a", 66000, long_text, 0, false));
    IS(MOSQ_ERR_PAYLOAD_SIZE, mosquitto_will_set(client, "a", -1, "x", 0, false));
    IS(0, mosquitto_property_add_int32(&list, MQTT_PROP_WILL_DELAY_INTERVAL, 1));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_will_set_v5(client, "a", 0, NULL, 0, false, list));
    mosquitto_property_free_all(&list);
    IS(0, mosquitto_property_add_int16(&list, MQTT_PROP_RECEIVE_MAXIMUM, 1));
    IS(MOSQ_ERR_PROTOCOL, mosquitto_will_set_v5(client, "a", 0, NULL, 0, false, list));
    mosquitto_property_free_all(&list);
    IS(0, mosquitto_will_clear(client));
    INVALID(mosquitto_username_pw_set(client, NULL, "p"));
    INVALID(mosquitto_username_pw_set(client, long_text, NULL));
    INVALID(mosquitto_username_pw_set(client, "u", long_text));
    IS(MOSQ_ERR_MALFORMED_UTF8, mosquitto_username_pw_set(client, "\xff", NULL));
    IS(0, mosquitto_username_pw_set(client, NULL, NULL));
}

static void options(struct mosquitto *client)
{
    INVALID(mosquitto_opts_set(client, MOSQ_OPT_PROTOCOL_VERSION, NULL));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, 6));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, -1));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, 65536));
    IS(0, mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, 0));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_TLS_ALPN, 1));
    INVALID(mosquitto_string_option(client, MOSQ_OPT_SEND_MAXIMUM, "1"));
    INVALID(mosquitto_void_option(client, MOSQ_OPT_SEND_MAXIMUM, NULL));
    IS(0, mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, NULL));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_TRANSPORT, 3));
    INVALID(mosquitto_int_option(client, MOSQ_OPT_HTTP_HEADER_SIZE, 99));
    IS(0, mosquitto_string_option(client, MOSQ_OPT_HTTP_PATH, NULL));
    IS(0, mosquitto_string_option(client, MOSQ_OPT_BIND_ADDRESS, NULL));
    IS(0, mosquitto_string_option(client, MOSQ_OPT_TLS_ALPN, NULL));
    IS(MOSQ_ERR_NOT_SUPPORTED, mosquitto_string_option(client, MOSQ_OPT_TLS_ENGINE, "x"));
    INVALID(mosquitto_max_inflight_messages_set(client, 65536));
    INVALID(mosquitto_socks5_set(client, NULL, 1080, NULL, NULL));
    INVALID(mosquitto_socks5_set(client, "h", 0, NULL, NULL));
    INVALID(mosquitto_tls_set(client, NULL, NULL, NULL, NULL, NULL));
    INVALID(mosquitto_tls_set(client, "/no/such/file", NULL, NULL, NULL, NULL));
    INVALID(mosquitto_tls_set(client, NULL, "/", "/etc/hosts", NULL, NULL));
    INVALID(mosquitto_tls_opts_set(client, 1, "tlsv1", NULL));
    IS(0, mosquitto_tls_opts_set(client, 1, "TLSv1.3", NULL));
    INVALID(mosquitto_tls_psk_set(client, "xy", "i", NULL));
    INVALID(mosquitto_tls_psk_set(client, "ab", NULL, NULL));
    INVALID(mosquitto_message_copy(NULL, NULL));
    mosquitto_message_free(NULL);
    mosquitto_message_free_contents(NULL);
}

int main(int argc, char *argv[])
{
    struct mosquitto *client;

    begin(argc, argv);
    handles();
    without_handle();
    client = new_client("results", NULL);
    connecting(client);
    mosquitto_destroy(client);
    client = new_client("results", NULL);
    messages(client);
    wills(client);
    options(client);
    mosquitto_destroy(client);
    return end();
}
