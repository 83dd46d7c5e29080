/* SPDX-License-Identifier: Apache-2.0 */
/* Calls every function of the client library with arguments as programs have them; C and C++. */
#include <mosquitto.h>
#include <mqtt_protocol.h>

static LIBMOSQ_CB_connect on_connect;
static LIBMOSQ_CB_connect_v5 on_connect_v5;
static LIBMOSQ_CB_connect_with_flags on_connect_with_flags;
static LIBMOSQ_CB_disconnect on_disconnect;
static LIBMOSQ_CB_disconnect_v5 on_disconnect_v5;
static LIBMOSQ_CB_ext_auth on_ext_auth;
static LIBMOSQ_CB_log on_log;
static LIBMOSQ_CB_message on_message;
static LIBMOSQ_CB_message_v5 on_message_v5;
static LIBMOSQ_CB_pre_connect on_pre_connect;
static LIBMOSQ_CB_publish on_publish;
static LIBMOSQ_CB_publish_v5 on_publish_v5;
static LIBMOSQ_CB_subscribe on_subscribe;
static LIBMOSQ_CB_subscribe_v5 on_subscribe_v5;
static LIBMOSQ_CB_unsubscribe on_unsubscribe;
static LIBMOSQ_CB_unsubscribe2_v5 on_unsubscribe2_v5;
static LIBMOSQ_CB_unsubscribe_v5 on_unsubscribe_v5;

static int take(struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    return client != NULL && data != NULL && message->retain;
}

static int password(char *buffer, int size, int rwflag, void *data)
{
    buffer[0] = 0;
    return size > 0 && rwflag == 0 && data != NULL;
}

static struct mosquitto *client;
static const char *text;
static char **texts;
static void *data;
static int number = LIBMOSQUITTO_VERSION_NUMBER;
static bool flag;
static uint8_t byte = MQTT_SUB_OPT_NO_LOCAL;
static uint16_t word;
static uint32_t wide;
static size_t size;
static char *copy;
static const void *bytes;
static mosquitto_property *list;
static const mosquitto_property *found;
static struct mosquitto_message *message;
static struct libmosquitto_will will;
static struct libmosquitto_tls tls;


void call_functions_of_1_0(void);
void call_functions_of_1_1(void);
void call_functions_of_1_2(void);
void call_functions_of_1_3(void);
void call_functions_of_1_4(void);
void call_functions_of_1_5(void);
void call_functions_of_1_6(void);
void call_functions_of_1_7(void);
void call_functions_of_2_1(void);

void call_functions_of_1_0(void)
{
    text = mosquitto_connack_string(number);
    number = mosquitto_connect(client, text, number, number);
    number = mosquitto_connect_async(client, text, number, number);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_destroy(client);
    number = mosquitto_disconnect(client);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    number = mosquitto_lib_cleanup();
    number = mosquitto_lib_init();
    number = mosquitto_lib_version(&number, &number, &number);
    mosquitto_log_callback_set(client, on_log);
    number = mosquitto_loop(client, number, number);
    number = mosquitto_loop_misc(client);
    number = mosquitto_loop_read(client, number);
    number = mosquitto_loop_start(client);
    number = mosquitto_loop_stop(client, flag);
    number = mosquitto_loop_write(client, number);
    mosquitto_message_callback_set(client, on_message);
    number = mosquitto_message_copy(message, message);
    mosquitto_message_free(&message);
    mosquitto_message_retry_set(client, (unsigned int)number);
    client = mosquitto_new(text, flag, data);
    number = mosquitto_publish(client, &number, text, number, data, number, flag);
    mosquitto_publish_callback_set(client, on_publish);
    number = mosquitto_reconnect(client);
    number = mosquitto_reinitialise(client, text, flag, data);
    number = mosquitto_socket(client);
    text = mosquitto_strerror(number);
    number = mosquitto_sub_topic_tokenise(text, &texts, &number);
    number = mosquitto_sub_topic_tokens_free(&texts, number);
    number = mosquitto_subscribe(client, &number, text, number);
    mosquitto_subscribe_callback_set(client, on_subscribe);
    number = mosquitto_tls_opts_set(client, number, text, text);
    number = mosquitto_tls_psk_set(client, text, text, text);
    number = mosquitto_tls_set(client, text, text, text, text, password);
    number = mosquitto_topic_matches_sub(text, text, &flag);
    number = mosquitto_unsubscribe(client, &number, text);
    mosquitto_unsubscribe_callback_set(client, on_unsubscribe);
    mosquitto_user_data_set(client, data);
    number = mosquitto_username_pw_set(client, text, text);
    flag = mosquitto_want_write(client);
    number = mosquitto_will_clear(client);
    number = mosquitto_will_set(client, text, number, data, number, flag);
}

void call_functions_of_1_1(void)
{
    number = mosquitto_loop_forever(client, number, number);
}

void call_functions_of_1_2(void)
{
    number = mosquitto_connect_bind(client, text, number, number, text);
    number = mosquitto_connect_bind_async(client, text, number, number, text);
    number = mosquitto_max_inflight_messages_set(client, (unsigned int)number);
    number = mosquitto_reconnect_async(client);
    number = mosquitto_reconnect_delay_set(
        client, (unsigned int)number, (unsigned int)number, flag);
    number = mosquitto_tls_insecure_set(client, flag);
}

void call_functions_of_1_3(void)
{
    number = mosquitto_connect_srv(client, text, number, text);
}

void call_functions_of_1_4(void)
{
    number = mosquitto_opts_set(client, MOSQ_OPT_TRANSPORT, data);
    number = mosquitto_pub_topic_check(text);
    number = mosquitto_socks5_set(client, text, number, text, text);
    number = mosquitto_sub_topic_check(text);
    number = mosquitto_threaded_set(client, flag);
}

void call_functions_of_1_5(void)
{
    mosquitto_connect_with_flags_callback_set(client, on_connect_with_flags);
    mosquitto_message_free_contents(message);
    number = mosquitto_pub_topic_check2(text, size);
    number = mosquitto_sub_topic_check2(text, size);
    number = mosquitto_subscribe_callback(
        take, data, text, number, text, number, text, number, flag, text, text, &will, &tls);
    number = mosquitto_subscribe_simple(
        &message, number, flag, text, number, text, number, text, number, flag, text, text, &will, &tls);
    number = mosquitto_topic_matches_sub2(text, size, text, size, &flag);
    data = mosquitto_userdata(client);
    number = mosquitto_validate_utf8(text, number);
    will.payloadlen = tls.cert_reqs;
    tls.pw_callback = password;
}

void call_functions_of_1_6(void)
{
    number = mosquitto_connect_bind_v5(client, text, number, number, text, list);
    mosquitto_connect_v5_callback_set(client, on_connect_v5);
    number = mosquitto_disconnect_v5(client, number, list);
    mosquitto_disconnect_v5_callback_set(client, on_disconnect_v5);
    number = mosquitto_int_option(client, MOSQ_OPT_TRANSPORT, number);
    mosquitto_message_v5_callback_set(client, on_message_v5);
    number = mosquitto_property_add_binary(&list, number, data, word);
    number = mosquitto_property_add_byte(&list, number, byte);
    number = mosquitto_property_add_int16(&list, number, word);
    number = mosquitto_property_add_int32(&list, number, wide);
    number = mosquitto_property_add_string(&list, number, text);
    number = mosquitto_property_add_string_pair(&list, number, text, text);
    number = mosquitto_property_add_varint(&list, number, wide);
    number = mosquitto_property_check_all(number, list);
    number = mosquitto_property_check_command(number, number);
    number = mosquitto_property_copy_all(&list, list);
    mosquitto_property_free_all(&list);
    found = mosquitto_property_read_binary(list, number, &data, &word, flag);
    found = mosquitto_property_read_byte(list, number, &byte, flag);
    found = mosquitto_property_read_int16(list, number, &word, flag);
    found = mosquitto_property_read_int32(list, number, &wide, flag);
    found = mosquitto_property_read_string(list, number, &copy, flag);
    found = mosquitto_property_read_string_pair(list, number, &copy, &copy, flag);
    found = mosquitto_property_read_varint(list, number, &wide, flag);
    number = mosquitto_publish_v5(client, &number, text, number, data, number, flag, list);
    mosquitto_publish_v5_callback_set(client, on_publish_v5);
    text = mosquitto_reason_string(number);
    number = mosquitto_string_option(client, MOSQ_OPT_TRANSPORT, text);
    number = mosquitto_string_to_command(text, &number);
    number = mosquitto_string_to_property_info(text, &number, &number);
    number = mosquitto_subscribe_multiple(client, &number, number, texts, number, number, list);
    number = mosquitto_subscribe_v5(client, &number, text, number, number, list);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe_v5);
    number = mosquitto_unsubscribe_multiple(client, &number, number, texts, list);
    number = mosquitto_unsubscribe_v5(client, &number, text, list);
    mosquitto_unsubscribe_v5_callback_set(client, on_unsubscribe_v5);
    number = mosquitto_void_option(client, MOSQ_OPT_TRANSPORT, data);
    number = mosquitto_will_set_v5(client, text, number, data, number, flag, list);
    (void)found;
}

void call_functions_of_1_7(void)
{
    number = mosquitto_property_identifier(list);
    text = mosquitto_property_identifier_to_string(number);
    found = mosquitto_property_next(list);
    data = mosquitto_ssl_get(client);
}

void call_functions_of_2_1(void)
{
    mosquitto_ext_auth_callback_set(client, on_ext_auth);
    number = mosquitto_ext_auth_continue(client, text, word, data, list);
    mosquitto_pre_connect_callback_set(client, on_pre_connect);
    bytes = mosquitto_property_binary_value(list);
    word = mosquitto_property_binary_value_length(list);
    byte = mosquitto_property_byte_value(list);
    word = mosquitto_property_int16_value(list);
    wide = mosquitto_property_int32_value(list);
    number = mosquitto_property_remove(&list, list);
    text = mosquitto_property_string_name(list);
    word = mosquitto_property_string_name_length(list);
    text = mosquitto_property_string_value(list);
    word = mosquitto_property_string_value_length(list);
    number = mosquitto_property_type(list);
    wide = mosquitto_property_varint_value(list);
    number = mosquitto_sub_matches_acl(text, text, &flag);
    number = mosquitto_sub_matches_acl_with_pattern(text, text, text, text, &flag);
    number = mosquitto_topic_matches_sub_with_pattern(text, text, text, text, &flag);
    mosquitto_unsubscribe2_v5_callback_set(client, on_unsubscribe2_v5);
    (void)bytes;
    MQTT_SUB_OPT_SET_NO_LOCAL(byte, 0);
}
