/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that hands in what it should not: names without end, lists that are none, numbers out of
   range; and that changes its registrations, kicks and publishes from within its callbacks. Nothing
   of it may end the broker. What a function answers is recorded where it is not as promised. */
#include <cjson/cJSON.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 65535, REGISTRATIONS = 500 };

static mosquitto_plugin_id_t *self;
static char *longest;  /* 65,535 bytes */
static char *too_long; /* 65,536 bytes */
static struct mosquitto *kept;
static _Atomic int checks, is_ending;
static pthread_t thread;

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        checks++;                                                                                  \
        if (!(condition)) {                                                                        \
            RECORD("not so: %s", #condition);                                                      \
        }                                                                                          \
    } while (0)
#define RETURNS(call, expected) CHECK((call) == (expected))

static char *name_of(size_t count)
{
    char *name = malloc(count + 1);

    memset(name, 'x', count);
    name[count] = '\0';
    return name;
}

/* Topics and filters at the limit of their length, and one byte longer. */
static void check_lengths(const char *client)
{
    struct mosquitto_subscription subscription = {0};

    RETURNS(mosquitto_broker_publish_copy(NULL, longest, 1, "x", 1, true, NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_broker_publish_copy(NULL, longest, 0, NULL, 0, true, NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_broker_publish_copy(NULL, too_long, 1, "x", 1, true, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(client, longest, 1, "x", 1, true, NULL), 0);
    RETURNS(mosquitto_broker_publish_copy(client, too_long, 1, "x", 1, true, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, "a/#", 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, "", 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, "\xff", 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, "a", INT_MIN, "x", 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, "a", INT_MAX, "x", 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(too_long, "a", 0, NULL, 0, false, NULL), 0);
    RETURNS(mosquitto_client_will_set(client, longest, 0, NULL, 0, false, NULL), 0);
    RETURNS(mosquitto_client_will_set(client, too_long, 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(client, "w", INT_MAX, "x", 0, false, NULL), MOSQ_ERR_INVAL);
    subscription.clientid = (char *)client;
    subscription.topic_filter = longest;
    subscription.identifier = 268435455;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_SUCCESS);
    subscription.identifier = 268435456;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.identifier = UINT32_MAX;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.identifier = 0;
    subscription.topic_filter = too_long;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.topic_filter = "$share/g";
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.topic_filter = "a";
    subscription.options = 0xFF;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete(client, too_long), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_retain_msg_delete(too_long), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_persist_retain_msg_delete(""), MOSQ_ERR_SUCCESS);
}

static void check_names(struct mosquitto *client)
{
    RETURNS(mosquitto_set_username(client, too_long), MOSQ_ERR_MALFORMED_UTF8);
    RETURNS(mosquitto_set_username(client, "\xC0\x80"), MOSQ_ERR_MALFORMED_UTF8);
    RETURNS(mosquitto_set_username(client, longest), MOSQ_ERR_SUCCESS);
    CHECK(strlen(mosquitto_client_username(client)) == NAME_MAX_BYTES);
    for (int i = 0; i < 300; i++) {
        char name[16];
        const char *seen;

        snprintf(name, sizeof(name), "user%d", i);
        RETURNS(mosquitto_set_username(client, name), MOSQ_ERR_SUCCESS);
        seen = mosquitto_client_username(client);
        CHECK(strcmp(seen, name) == 0);
        /* The same name again leaves the string where it is. */
        RETURNS(mosquitto_set_username(client, name), MOSQ_ERR_SUCCESS);
        CHECK(mosquitto_client_username(client) == seen);
    }
    RETURNS(mosquitto_set_username(client, NULL), MOSQ_ERR_SUCCESS);
    CHECK(mosquitto_client_username(client) == NULL);
    RETURNS(mosquitto_set_clientid(client, ""), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_set_clientid(client, too_long), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_set_clientid(client, NULL), MOSQ_ERR_INVAL);
}

/* Sizes that are none, in memory, files and properties. */
static void check_sizes(void)
{
    mosquitto_property *list = NULL;
    char *block = mosquitto_malloc(8);
    char *line = NULL;
    int room = -1;
    FILE *file = tmpfile();

    CHECK(mosquitto_realloc(block, SIZE_MAX) == NULL);
    CHECK(mosquitto_realloc(block, (size_t)1 << 63) == NULL);
    CHECK(mosquitto_calloc(SIZE_MAX, SIZE_MAX) == NULL);
    CHECK(mosquitto_malloc(SIZE_MAX / 2) == NULL);
    mosquitto_free(block);
    fputs("a line that is longer than eight bytes\n", file);
    rewind(file);
    line = mosquitto_malloc(8);
    CHECK(mosquitto_fgets(&line, &room, file) == line && strlen(line) == 39 && room >= 40);
    CHECK(mosquitto_fgets(&line, &room, file) == NULL);
    mosquitto_free(line);
    fclose(file);
    RETURNS(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, too_long), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, longest), 0);
    RETURNS(mosquitto_property_add_varint(&list, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, 268435456), 3);
    RETURNS(mosquitto_property_add_byte(&list, MQTT_PROP_CONTENT_TYPE, 1), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_property_add_byte(&list, INT_MIN, 1), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_property_check_command(INT_MIN, 1), MOSQ_ERR_PROTOCOL);
    RETURNS(mosquitto_property_check_command(INT_MAX, 1), MOSQ_ERR_PROTOCOL);
    CHECK(mosquitto_property_get_length_all(list) == NAME_MAX_BYTES + 3);
    mosquitto_property_free_all(&list);
    RETURNS(mosquitto_validate_utf8("x", INT_MIN), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_pub_topic_check2("x", SIZE_MAX), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_sub_topic_check(too_long), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_sub_topic_tokens_free(NULL, INT_MIN), MOSQ_ERR_INVAL);
    CHECK(mosquitto_strerror(INT_MIN) != NULL && mosquitto_reason_string(INT_MAX) != NULL);
}

/* Properties of all kinds, twice, with values that no packet may have. */
static mosquitto_property *odd_properties(void)
{
    mosquitto_property *list = NULL;

    for (int i = 0; i < 2; i++) {
        mosquitto_property_add_byte(&list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 200);
        mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 0);
        mosquitto_property_add_int16(&list, MQTT_PROP_RECEIVE_MAXIMUM, 0);
        mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, UINT32_MAX);
        mosquitto_property_add_varint(&list, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, 0);
        mosquitto_property_add_string(&list, MQTT_PROP_REASON_STRING, longest);
        mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, longest, longest);
        mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, longest, NAME_MAX_BYTES);
    }
    return list;
}

static int unused(int event, void *data, void *userdata)
{
    (void)event, (void)data, (void)userdata;
    return MOSQ_ERR_SUCCESS;
}

static int on_control(int event, void *data, void *userdata)
{
    struct mosquitto_evt_control *control = data;

    (void)event, (void)userdata;
    /* Unregisters itself while it runs, and answers where nobody can listen. */
    mosquitto_callback_unregister(self, MOSQ_EVT_CONTROL, on_control, control->topic);
    mosquitto_control_send_response(cJSON_CreateObject(), too_long);
    mosquitto_control_send_response(cJSON_CreateObject(), "a/#");
    mosquitto_control_send_response(cJSON_CreateObject(), "");
    mosquitto_control_send_response(cJSON_CreateObject(), NULL);
    mosquitto_control_send_response(NULL, "a");
    RETURNS(mosquitto_control_generic_callback(control, NULL, NULL, NULL), MOSQ_ERR_INVAL);
    mosquitto_control_command_reply(NULL, NULL);
    control->reason_string = strdup(too_long);
    RECORD("control");
    return MOSQ_ERR_SUCCESS;
}

/* Very many registrations from within a callback, then none of them. */
static void register_much(void)
{
    char topic[64];

    for (int i = 0; i < REGISTRATIONS; i++) {
        snprintf(topic, sizeof(topic), "$CONTROL/hostile%d/v1", i);
        RETURNS(mosquitto_callback_register(self, MOSQ_EVT_CONTROL, unused, topic, NULL), 0);
    }
    for (int i = 0; i < REGISTRATIONS; i++) {
        snprintf(topic, sizeof(topic), "$CONTROL/hostile%d/v1", i);
        RETURNS(mosquitto_callback_unregister(self, MOSQ_EVT_CONTROL, unused, topic), 0);
    }
    RETURNS(mosquitto_callback_register(self, 0, unused, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(self, 31, unused, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(self, -1, unused, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(NULL, 1, unused, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(self, 1, NULL, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(
        mosquitto_callback_register((void *)&checks, 1, unused, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(
        mosquitto_callback_register(self, MOSQ_EVT_CONTROL, unused, too_long, NULL), MOSQ_ERR_INVAL);
}

static int on_message(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;
    const char *what = message->topic;

    (void)event, (void)userdata;
    if (strcmp(what, "do/longest") == 0) {
        message->topic = strdup(longest);
    } else if (strcmp(what, "do/too-long") == 0) {
        message->topic = strdup(too_long);
    } else if (strcmp(what, "do/wildcard") == 0) {
        message->topic = strdup("a/+");
    } else if (strcmp(what, "do/empty") == 0) {
        message->topic = strdup("");
    } else if (strcmp(what, "do/bytes") == 0) {
        message->topic = strdup("\xff\xfe");
    } else if (strcmp(what, "do/null") == 0) {
        message->topic = NULL;
        message->payload = NULL;
        message->payloadlen = UINT32_MAX;
        message->qos = 255;
    } else if (strcmp(what, "do/length") == 0) {
        message->payloadlen = UINT32_MAX;
    } else if (strcmp(what, "do/properties") == 0) {
        mosquitto_property_free_all(&message->properties);
        message->properties = odd_properties();
    } else if (strcmp(what, "do/lengths") == 0) {
        check_lengths("watcher");
    } else if (strcmp(what, "do/names") == 0) {
        check_names(message->client);
    } else if (strcmp(what, "do/sizes") == 0) {
        check_sizes();
    } else if (strcmp(what, "do/register") == 0) {
        register_much();
    } else if (strcmp(what, "do/keep") == 0) {
        kept = mosquitto_client("leaver");
        CHECK(kept != NULL);
    } else if (strcmp(what, "do/look") == 0) {
        /* The client has gone by now. */
        CHECK(mosquitto_client("leaver") == NULL);
        CHECK(strcmp(mosquitto_client_id(kept), "leaver") == 0);
        mosquitto_client_sub_count(kept);
        mosquitto_set_username(kept, "late");
        mosquitto_kick_client_by_clientid("leaver", true);
    } else if (strcmp(what, "do/kick") == 0) {
        mosquitto_kick_client_by_clientid(mosquitto_client_id(message->client), true);
    } else if (strcmp(what, "do/control") == 0) {
        mosquitto_callback_register(
            self, MOSQ_EVT_CONTROL, on_control, "$CONTROL/hostile/v1", NULL);
    } else if (strcmp(what, "do/leave") == 0) {
        /* This very callback, while it runs. */
        RETURNS(mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE_IN, on_message, NULL), 0);
        RETURNS(
            mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE_IN, on_message, NULL),
            MOSQ_ERR_NOT_FOUND);
    } else {
        return MOSQ_ERR_SUCCESS;
    }
    RECORD("%s", what);
    return MOSQ_ERR_SUCCESS;
}

static int on_subscribe(int event, void *data, void *userdata)
{
    struct mosquitto_evt_subscribe *subscribe = data;
    const char *what = subscribe->data.topic_filter;

    (void)event, (void)userdata;
    if (strcmp(what, "sub/longest") == 0) {
        subscribe->data.topic_filter = strdup(longest);
    } else if (strcmp(what, "sub/too-long") == 0) {
        subscribe->data.topic_filter = strdup(too_long);
    } else if (strcmp(what, "sub/bad") == 0) {
        subscribe->data.topic_filter = strdup("a/#/b");
    } else if (strcmp(what, "sub/null") == 0) {
        subscribe->data.topic_filter = NULL;
    } else if (strcmp(what, "sub/options") == 0) {
        subscribe->data.options = 0xFF;
    } else if (strcmp(what, "sub/share") == 0) {
        subscribe->data.topic_filter = strdup("$share/g");
    }
    return MOSQ_ERR_SUCCESS;
}

/* Calls what it can for as long as the broker runs, and a little longer. */
static void *on_thread(void *argument)
{
    (void)argument;
    while (!is_ending) {
        mosquitto_broker_publish_copy(NULL, "from/thread", 1, "x", 0, false, NULL);
        mosquitto_kick_client_by_clientid("nobody", false);
        mosquitto_client("watcher");
        mosquitto_complete_basic_auth("watcher", MOSQ_ERR_AUTH);
        mosquitto_complete_extended_auth("watcher", MOSQ_ERR_AUTH, malloc(8), 8);
        mosquitto_apply_on_all_clients(NULL, NULL);
        mosquitto_callback_register(self, MOSQ_EVT_TICK, unused, NULL, NULL);
        mosquitto_callback_unregister(self, MOSQ_EVT_TICK, unused, NULL);
        usleep(20000);
    }
    return NULL;
}

/* Before the broker has asked for anything. */
__attribute__((constructor)) static void before_init(void)
{
    mosquitto_broker_publish_copy(NULL, "a", 0, NULL, 0, false, NULL);
    mosquitto_client("x");
    mosquitto_complete_basic_auth("x", 0);
    mosquitto_callback_register((void *)&checks, MOSQ_EVT_TICK, unused, NULL, NULL);
}

/* After the broker has ended everything. */
__attribute__((destructor)) static void after_cleanup(void)
{
    mosquitto_broker_publish_copy(NULL, "a", 0, NULL, 0, false, NULL);
    mosquitto_client("x");
    mosquitto_complete_basic_auth("x", 0);
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5);

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata, (void)options, (void)count;
    self = identifier;
    longest = name_of(NAME_MAX_BYTES);
    too_long = name_of(NAME_MAX_BYTES + 1);
    mosquitto_plugin_set_info(identifier, too_long, NULL);
    mosquitto_plugin_set_info(identifier, NULL, too_long);
    mosquitto_plugin_set_info(identifier, "hostile", "1");
    mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_SUBSCRIBE, on_subscribe, NULL, NULL);
    return pthread_create(&thread, NULL, on_thread, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata, (void)options, (void)count;
    is_ending = 1;
    pthread_join(thread, NULL);
    RECORD("%s", checks > 600 ? "many checks" : "few checks");
    return MOSQ_ERR_SUCCESS;
}
