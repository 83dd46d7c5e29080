/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that calls every function of the broker with right and wrong arguments, everywhere a
   plugin can be: in init, in callbacks, on a thread of its own, in cleanup. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <string.h>

static const char *place = "init";
static mosquitto_plugin_id_t *self;
static int checks;

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        checks++;                                                                                  \
        if (!(condition)) {                                                                        \
            RECORD("%s: not so: %s", place, #condition);                                           \
        }                                                                                          \
    } while (0)
#define RETURNS(call, expected)                                                                    \
    do {                                                                                           \
        int result = (call);                                                                       \
        checks++;                                                                                  \
        if (result != (expected)) {                                                                \
            RECORD("%s: %s: %d", place, #call, result);                                            \
        }                                                                                          \
    } while (0)

static int stop_at_first(const struct mosquitto *client, void *context)
{
    (*(int *)context)++;
    return client != NULL ? 77 : 0;
}

/* What has the same result with and without clients. */
static void check_arguments(void)
{
    static const char *const bad = "\xC0\x80";
    struct mosquitto_subscription subscription = {0};
    mosquitto_property *properties = NULL;
    char filter[] = "a/+";
    char client[] = "nobody";

    RETURNS(mosquitto_broker_publish(NULL, NULL, 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish(NULL, "a", -1, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish(NULL, "a", 1, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish(NULL, "a", 0, NULL, -1, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish(NULL, "a", 0, NULL, 3, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy(NULL, NULL, 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy("x", "a", 1, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_publish_copy("nobody", "a", 1, "x", 2, true, NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_broker_publish_copy(NULL, "a", 0, NULL, 0, false, NULL), MOSQ_ERR_SUCCESS);
    /* What was refused stays the caller's. */
    CHECK(mosquitto_property_add_byte(&properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1) == 0);
    RETURNS(mosquitto_broker_publish(NULL, "a", 1, NULL, 0, false, properties), MOSQ_ERR_INVAL);
    CHECK(mosquitto_property_read_byte(properties, 1, NULL, false) != NULL);
    mosquitto_property_free_all(&properties);

    RETURNS(mosquitto_kick_client_by_clientid("nobody", true), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_kick_client_by_clientid("", false), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_kick_client_by_username("nobody", true), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_subscription_add(NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.clientid = client;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.topic_filter = filter;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_NOT_FOUND);
    subscription.topic_filter = &filter[3];
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete(NULL, "a"), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete("nobody", NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete("nobody", ""), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete("", "a"), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_subscription_delete("nobody", "a"), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_client_will_set("nobody", "a", 0, NULL, 0, 0, NULL), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_client_will_set(NULL, "a", 0, NULL, 0, 0, NULL), MOSQ_ERR_INVAL);
    mosquitto_complete_basic_auth("nobody", MOSQ_ERR_SUCCESS);
    mosquitto_complete_basic_auth(NULL, MOSQ_ERR_AUTH);
    RETURNS(mosquitto_set_username(NULL, "x"), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_set_clientid(NULL, "x"), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_validate_utf8(bad, 2), MOSQ_ERR_MALFORMED_UTF8);

    CHECK(mosquitto_client(NULL) == NULL);
    CHECK(mosquitto_client("") == NULL);
    CHECK(mosquitto_client("nobody") == NULL);
    CHECK(mosquitto_client_address(NULL) == NULL);
    CHECK(mosquitto_client_id(NULL) == NULL);
    CHECK(mosquitto_client_username(NULL) == NULL);
    CHECK(mosquitto_client_certificate(NULL) == NULL);
    CHECK(mosquitto_client_port(NULL) == 0);
    CHECK(mosquitto_client_clean_session(NULL));
    CHECK(mosquitto_client_id_hashv(NULL) == 0);
    CHECK(mosquitto_client_keepalive(NULL) == -1);
    CHECK(mosquitto_client_protocol(NULL) == mp_mqtt);
    CHECK(mosquitto_client_protocol_version(NULL) == 0);
    CHECK(mosquitto_client_sub_count(NULL) == 0);
}

/* Functions of persistence plugins. */
static void check_persistence(void)
{
    struct mosquitto_client_msg message = {0};
    struct mosquitto_client client = {0};

    RETURNS(mosquitto_broker_node_id_set(1024), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_broker_node_id_set(1023), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_persist_client_add(NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_add(&client), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_update(NULL), MOSQ_ERR_INVAL);
    client.clientid = mosquitto_strdup("nobody");
    client.username = mosquitto_strdup("u");
    RETURNS(mosquitto_persist_client_update(&client), MOSQ_ERR_NOT_FOUND);
    mosquitto_free(client.clientid);
    RETURNS(mosquitto_persist_client_delete(NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_delete("nobody"), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_persist_client_msg_add(NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_msg_add(&message), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_msg_delete(&message), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_msg_update(&message), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_client_msg_clear(&message), MOSQ_ERR_INVAL);
    message.clientid = "nobody";
    RETURNS(mosquitto_persist_client_msg_add(&message), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_persist_client_msg_delete(&message), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_persist_client_msg_update(&message), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_persist_client_msg_clear(&message), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_persist_base_msg_add(NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_persist_base_msg_delete(1), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_persist_retain_msg_set("a", 1), MOSQ_ERR_UNKNOWN);
    RETURNS(mosquitto_persist_retain_msg_delete("a"), MOSQ_ERR_SUCCESS);
}

static void check_client(struct mosquitto *client, bool is_in)
{
    const char *id = mosquitto_client_id(client);
    int seen = 0;

    CHECK(strcmp(mosquitto_client_address(client), "127.0.0.1") == 0);
    CHECK(mosquitto_client_port(client) > 0);
    CHECK(mosquitto_client_keepalive(client) == 60);
    CHECK(mosquitto_client_protocol(client) == mp_mqtt);
    CHECK(mosquitto_client_protocol_version(client) == 5);
    CHECK(mosquitto_client_certificate(client) == NULL);
    CHECK(mosquitto_client_clean_session(client));
    RETURNS(mosquitto_set_username(client, "\xFF"), MOSQ_ERR_MALFORMED_UTF8);
    RETURNS(mosquitto_set_clientid(client, "\xFF"), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_set_clientid(client, NULL), MOSQ_ERR_INVAL);
    CHECK(strcmp(mosquitto_client_username(client), "user") == 0);
    RETURNS(mosquitto_set_username(client, NULL), MOSQ_ERR_SUCCESS);
    CHECK(mosquitto_client_username(client) == NULL);
    RETURNS(mosquitto_set_username(client, "user"), MOSQ_ERR_SUCCESS);
    if (!is_in) {
        CHECK(mosquitto_client_id_hashv(client) == 0);
        CHECK(mosquitto_client(id) == NULL);
        return;
    }
    CHECK(mosquitto_client_id_hashv(client) != 0);
    CHECK(mosquitto_client(id) == client);
    RETURNS(mosquitto_set_clientid(client, id), MOSQ_ERR_ALREADY_EXISTS);
    RETURNS(mosquitto_apply_on_all_clients(stop_at_first, &seen), 77);
    CHECK(seen == 1);
}

/* Each request counts as done for the next one, from the same place. */
static void check_subscribing(struct mosquitto *client, int expected)
{
    struct mosquitto_subscription subscription = {0};
    const char *id = mosquitto_client_id(client);
    char plain[] = "plugin/+";
    char shared[] = "$share/group/plugin/#";

    subscription.clientid = (char *)id;
    subscription.topic_filter = plain;
    subscription.identifier = 268435456;
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_INVAL);
    subscription.identifier = 0;
    RETURNS(mosquitto_subscription_add(&subscription), expected);
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_SUB_EXISTS);
    RETURNS(mosquitto_subscription_delete(id, plain), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_SUCCESS);
    subscription.topic_filter = shared;
    RETURNS(mosquitto_subscription_add(&subscription), expected);
    RETURNS(mosquitto_subscription_add(&subscription), MOSQ_ERR_SUB_EXISTS);
}

static void check_will(const char *id)
{
    mosquitto_property *properties = NULL;

    RETURNS(mosquitto_client_will_set(id, NULL, 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(id, "a/#", 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(id, "", 0, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(id, "a", 0, NULL, 3, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(id, "a", -1, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_client_will_set(id, "a", 1, NULL, 0, false, NULL), MOSQ_ERR_INVAL);
    CHECK(mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, "text") == 0);
    RETURNS(
        mosquitto_client_will_set(id, "will/of/plugin", 4, "gone", 0, false, properties),
        MOSQ_ERR_SUCCESS);
}

static void *run(void *unused)
{
    (void)unused;
    check_arguments();
    return NULL;
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    place = "basic-auth";
    check_arguments();
    check_client(auth->client, false);
    return MOSQ_ERR_SUCCESS;
}

static int on_connect(int event, void *data, void *userdata)
{
    struct mosquitto_evt_connect *connect = data;
    const char *id = mosquitto_client_id(connect->client);

    (void)event;
    (void)userdata;
    place = "connect";
    check_arguments();
    check_persistence();
    check_client(connect->client, true);
    RETURNS(mosquitto_set_clientid(connect->client, "other"), MOSQ_ERR_NOT_SUPPORTED);
    check_subscribing(connect->client, MOSQ_ERR_SUCCESS);
    check_will(id);
    return MOSQ_ERR_SUCCESS;
}

static int on_message(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    place = "message-in";
    check_arguments();
    check_client(message->client, true);
    check_subscribing(message->client, MOSQ_ERR_SUB_EXISTS);
    return MOSQ_ERR_SUCCESS;
}

static int on_tick(int event, void *data, void *userdata)
{
    static bool was_here;
    pthread_t thread;

    (void)event;
    (void)data;
    (void)userdata;
    if (was_here) {
        return MOSQ_ERR_SUCCESS;
    }
    was_here = true;
    place = "tick";
    check_arguments();
    check_persistence();
    RETURNS(
        mosquitto_callback_unregister(self, MOSQ_EVT_TICK, on_tick, NULL), MOSQ_ERR_SUCCESS);
    place = "thread";
    CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
    pthread_join(thread, NULL);
    RECORD("ticked");
    return MOSQ_ERR_SUCCESS;
}

static void check_registration(mosquitto_plugin_id_t *id)
{
    static char long_topic[65600];

    memset(long_topic, 'x', sizeof(long_topic) - 1);
    memcpy(long_topic, "$CONTROL/", 9);
    RETURNS(mosquitto_plugin_set_info(NULL, "x", NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_plugin_set_info(id, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_plugin_set_info(id, "functions", NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_callback_register(NULL, 9, on_tick, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 9, NULL, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 0, on_tick, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(id, 31, on_tick, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(id, -1, on_tick, NULL, NULL), MOSQ_ERR_NOT_SUPPORTED);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, "", NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, "$CONTROL/a/v", NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, "$control/ab/v1", NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, long_topic, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, "$CONTROL/a/v1", NULL), 0);
    RETURNS(mosquitto_callback_register(id, 6, on_tick, "$CONTROL/a/v1", NULL), 31);
    RETURNS(mosquitto_callback_unregister(id, 6, on_message, "$CONTROL/a/v1"), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_callback_unregister(id, 6, on_tick, "$CONTROL/b/v1"), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_callback_unregister(id, 6, on_tick, "$CONTROL/a/v1"), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_callback_unregister(id, 6, on_tick, "$CONTROL/a/v1"), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_callback_unregister(NULL, 9, on_tick, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_unregister(id, 9, NULL, NULL), MOSQ_ERR_INVAL);
    RETURNS(mosquitto_callback_unregister(id, 9, on_tick, NULL), MOSQ_ERR_NOT_FOUND);
    RETURNS(mosquitto_callback_register(id, 9, on_tick, NULL, NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_callback_register(id, 9, on_tick, NULL, &checks), MOSQ_ERR_ALREADY_EXISTS);
    RETURNS(mosquitto_callback_register(id, 10, on_tick, NULL, NULL), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_callback_unregister(id, 10, on_tick, NULL), MOSQ_ERR_SUCCESS);
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int seen = 0;

    (void)options;
    CHECK(*userdata == NULL);
    CHECK(count == 0);
    self = identifier;
    check_registration(identifier);
    check_arguments();
    check_persistence();
    RETURNS(mosquitto_apply_on_all_clients(stop_at_first, &seen), 0);
    CHECK(seen == 0);
    RETURNS(mosquitto_kick_client_by_clientid(NULL, true), MOSQ_ERR_SUCCESS);
    RETURNS(mosquitto_kick_client_by_username(NULL, true), MOSQ_ERR_SUCCESS);
    RETURNS(
        mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL), 0);
    RETURNS(mosquitto_callback_register(identifier, MOSQ_EVT_CONNECT, on_connect, NULL, NULL), 0);
    RETURNS(mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE, on_message, NULL, NULL), 0);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)options;
    place = "cleanup";
    CHECK(userdata == NULL);
    CHECK(count == 0);
    check_arguments();
    RECORD("%s", checks > 300 ? "many checks" : "few checks");
    return MOSQ_ERR_SUCCESS;
}
