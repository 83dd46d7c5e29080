/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT 5.0: a client asks, another one answers where the request says, with what identifies it. */
#include "program.h"

#define REQUESTS "request_response/requests"
#define ANSWERS "request_response/answers"

static struct mosquitto *asking, *answering;
static int ready, is_answered;

static void on_connect(
    struct mosquitto *client, void *data, int rc, int flags, const mosquitto_property *props)
{
    uint16_t aliases = 0;

    EXPECT(rc == 0 && flags == 0);
    mosquitto_property_read_int16(props, MQTT_PROP_TOPIC_ALIAS_MAXIMUM, &aliases, false);
    printf("%s connected, aliases %d\n", (const char *)data, aliases);
    DO(mosquitto_subscribe_v5(client, NULL, client == asking ? ANSWERS : REQUESTS, 1,
        MQTT_SUB_OPT_NO_LOCAL, NULL));
}

static void ask(void)
{
    mosquitto_property *list = NULL;

    DO(mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, ANSWERS));
    DO(mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, "number 1", 8));
    DO(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "text/plain"));
    DO(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "colour", "blue"));
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, 60));
    DO(mosquitto_publish_v5(asking, NULL, REQUESTS, 5, "what?", 1, false, list));
    mosquitto_property_free_all(&list);
    EXPECT(list == NULL);
}

static void on_subscribe(struct mosquitto *client, void *data, int mid, int qos_count,
    const int *granted_qos, const mosquitto_property *props)
{
    (void)client, (void)data, (void)mid, (void)props;
    EXPECT(qos_count == 1 && granted_qos[0] == 1);
    if (++ready == 2) ask();
}

static void answer(const mosquitto_property *props)
{
    char *topic = NULL, *name = NULL, *value = NULL;
    const mosquitto_property *correlation;
    uint32_t seconds = 0;
    void *bytes = NULL;
    uint16_t length = 0;

    EXPECT(mosquitto_property_read_string(props, MQTT_PROP_RESPONSE_TOPIC, &topic, false));
    EXPECT(mosquitto_property_read_string_pair(
        props, MQTT_PROP_USER_PROPERTY, &name, &value, false));
    EXPECT(mosquitto_property_read_int32(
        props, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &seconds, false));
    correlation = mosquitto_property_read_binary(
        props, MQTT_PROP_CORRELATION_DATA, &bytes, &length, false);
    EXPECT(correlation != NULL);
    EXPECT(seconds > 0 && seconds <= 60);
    printf("to be answered at %s, %s is %s, %.*s\n", topic, name, value, length,
        (const char *)bytes);
    /* A received property is handed on by itself. */
    DO(mosquitto_publish_v5(answering, NULL, topic, 5, "that.", 1, false, correlation));
    free(topic);
    free(name);
    free(value);
    free(bytes);
}

static void on_message(struct mosquitto *client, void *data,
    const struct mosquitto_message *message, const mosquitto_property *props)
{
    printf("%s got %s\n", (const char *)data, (const char *)message->payload);
    if (client == answering) {
        answer(props);
    } else {
        void *bytes = NULL;
        uint16_t length = 0;

        EXPECT(mosquitto_property_read_binary(
            props, MQTT_PROP_CORRELATION_DATA, &bytes, &length, false));
        EXPECT(!mosquitto_property_read_string(props, MQTT_PROP_CONTENT_TYPE, NULL, false));
        printf("the answer to %.*s\n", length, (const char *)bytes);
        free(bytes);
        is_answered = 1;
    }
}

static struct mosquitto *start(const char *id)
{
    struct mosquitto *client = new_client(id, (void *)id);

    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe);
    mosquitto_message_v5_callback_set(client, on_message);
    return client;
}

int main(int argc, char *argv[])
{
    mosquitto_property *list = NULL;

    begin(argc, argv);
    answering = start("answering");
    asking = start("asking");
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 0));
    DO(mosquitto_connect_bind_v5(answering, host, port, 60, NULL, list));
    mosquitto_property_free_all(&list);
    while (ready == 0) DO(mosquitto_loop(answering, 1000, 1));
    DO(mosquitto_connect(asking, host, port, 60));
    while (!is_answered) {
        DO(mosquitto_loop(asking, 20, 1));
        DO(mosquitto_loop(answering, 20, 1));
    }
    DO(mosquitto_disconnect_v5(asking, MQTT_RC_NORMAL_DISCONNECTION, NULL));
    DO(mosquitto_disconnect_v5(answering, MQTT_RC_NORMAL_DISCONNECTION, NULL));
    mosquitto_destroy(asking);
    mosquitto_destroy(answering);
    return end();
}
