/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of interface version 5 that logs every callback with its arguments. Options:
   fail N: initialisation returns N. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)

static int marker;

static const char *or_null(const char *text)
{
    return text != NULL ? text : "NULL";
}

static void record_options(const char *what, const struct mosquitto_opt *options, int count)
{
    RECORD("%s options=%d", what, count);
    for (int i = 0; i < count; i++) {
        RECORD("%s [%s]=[%s]", what, options[i].key, options[i].value);
    }
}

static void record_properties(const mosquitto_property *list)
{
    for (; list != NULL; list = mosquitto_property_next(list)) {
        char *name = NULL;
        char *value = NULL;
        if (mosquitto_property_identifier(list) == MQTT_PROP_USER_PROPERTY
            && mosquitto_property_read_string_pair(
                   list, MQTT_PROP_USER_PROPERTY, &name, &value, false)
                != NULL) {
            RECORD("  %s: %s=%s", mosquitto_property_identifier_to_string(38), name, value);
        }
        free(name);
        free(value);
    }
}

static void record_message(const char *what, const struct mosquitto_evt_message *message)
{
    const char *payload = message->payload;

    RECORD(
        "%s client=%s topic=%s payload=%s len=%u end=%d qos=%d retain=%d reason=%s",
        what,
        or_null(mosquitto_client_id(message->client)),
        message->topic,
        or_null(payload),
        message->payloadlen,
        payload != NULL ? payload[message->payloadlen] : 0,
        message->qos,
        message->retain,
        or_null(message->reason_string));
    record_properties(message->properties);
}

static int on_reload(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_reload *reload = data;

    RECORD("reload event=%d userdata=%d", event, userdata == &marker);
    record_options("reload", reload->options, reload->option_count);
    return MOSQ_ERR_SUCCESS;
}

static int on_acl_check(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_acl_check *check = data;

    (void)event;
    RECORD(
        "acl client=%s user=%s topic=%s access=%d payload=%s len=%u qos=%d retain=%d userdata=%d",
        or_null(mosquitto_client_id(check->client)),
        or_null(mosquitto_client_username(check->client)),
        check->topic,
        check->access,
        or_null(check->payload),
        check->payloadlen,
        check->qos,
        check->retain,
        userdata == &marker);
    record_properties(check->properties);
    return strncmp(check->topic, "denied", 6) == 0 ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_SUCCESS;
}

static int on_basic_auth(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *auth = data;

    (void)event;
    (void)userdata;
    RECORD(
        "basic-auth client=%s user=%s password=%s address=%s port=%d clean=%d keepalive=%d "
        "protocol=%d version=%d certificate=%d known=%d",
        or_null(mosquitto_client_id(auth->client)),
        or_null(auth->username),
        or_null(auth->password),
        or_null(mosquitto_client_address(auth->client)),
        mosquitto_client_port(auth->client) > 0,
        mosquitto_client_clean_session(auth->client),
        mosquitto_client_keepalive(auth->client),
        mosquitto_client_protocol(auth->client),
        mosquitto_client_protocol_version(auth->client),
        mosquitto_client_certificate(auth->client) != NULL,
        mosquitto_client(mosquitto_client_id(auth->client)) != NULL);
    if (auth->username != NULL && strcmp(auth->username, "rename") == 0) {
        RECORD("set_username %d", mosquitto_set_username(auth->client, "renamed"));
        RECORD("set_clientid %d", mosquitto_set_clientid(auth->client, "also-renamed"));
    }
    return auth->username != NULL && strcmp(auth->username, "wrong") == 0 ? MOSQ_ERR_AUTH
                                                                          : MOSQ_ERR_SUCCESS;
}

static int on_message_in(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    record_message("message-in", message);
    if (strcmp(message->topic, "replace") == 0) {
        message->topic = mosquitto_strdup("replaced");
        message->payload = mosquitto_strdup("other payload");
        message->payloadlen = 13;
        message->retain = false;
        mosquitto_property_add_string_pair(
            &message->properties, MQTT_PROP_USER_PROPERTY, "added", "here");
    }
    if (strcmp(message->topic, "who") == 0) {
        RECORD(
            "who client=%s user=%s", or_null(mosquitto_client_id(message->client)),
            or_null(mosquitto_client_username(message->client)));
    }
    if (strcmp(message->topic, "quota") == 0) {
        return MOSQ_ERR_QUOTA_EXCEEDED;
    }
    return strcmp(message->topic, "close") == 0 ? MOSQ_ERR_PLUGIN_DEFER : MOSQ_ERR_SUCCESS;
}

static int on_message_out(int event, void *data, void *userdata)
{
    struct mosquitto_evt_message *message = data;

    (void)event;
    (void)userdata;
    record_message("message-out", message);
    if (strcmp(message->topic, "lower") == 0) {
        message->qos = 0;
        message->payload = mosquitto_strdup("for you");
        message->payloadlen = 7;
    }
    return strcmp(message->topic, "unsent") == 0 ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_SUCCESS;
}

static int on_subscribe(int event, void *data, void *userdata)
{
    struct mosquitto_evt_subscribe *subscribe = data;

    (void)userdata;
    RECORD(
        "%s client=%s id=%s filter=%s options=%d identifier=%u",
        event == MOSQ_EVT_SUBSCRIBE ? "subscribe" : "unsubscribe",
        or_null(mosquitto_client_id(subscribe->client)),
        or_null(subscribe->data.clientid),
        subscribe->data.topic_filter,
        subscribe->data.options,
        subscribe->data.identifier);
    if (strcmp(subscribe->data.topic_filter, "move/#") == 0) {
        subscribe->data.topic_filter = mosquitto_strdup("moved/#");
        subscribe->data.options = 0;
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_connection(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_disconnect *end = data;

    (void)userdata;
    if (event == MOSQ_EVT_CONNECT) {
        const struct mosquitto_evt_connect *begin = data;
        RECORD(
            "connect client=%s known=%d subscriptions=%d",
            or_null(mosquitto_client_id(begin->client)),
            mosquitto_client(mosquitto_client_id(begin->client)) == begin->client,
            mosquitto_client_sub_count(begin->client));
    } else {
        RECORD(
            "%s client=%s reason=%d",
            event == MOSQ_EVT_DISCONNECT ? "disconnect" : "offline",
            or_null(mosquitto_client_id(end->client)),
            end->reason);
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_control(int event, void *data, void *userdata)
{
    struct mosquitto_evt_control *control = data;

    (void)event;
    (void)userdata;
    RECORD(
        "control client=%s topic=%s payload=%s len=%u qos=%d retain=%d",
        or_null(mosquitto_client_id(control->client)),
        control->topic,
        or_null(control->payload),
        control->payloadlen,
        control->qos,
        control->retain);
    control->reason_string = mosquitto_strdup("because");
    return MOSQ_ERR_NOT_FOUND;
}

static int on_extended(int event, void *data, void *userdata)
{
    struct mosquitto_evt_extended_auth *auth = data;

    (void)userdata;
    RECORD(
        "ext-auth event=%d client=%s method=%s data=%.*s end=%d",
        event,
        or_null(mosquitto_client_id(auth->client)),
        auth->auth_method,
        auth->data_in_len,
        auth->data_in != NULL ? (const char *)auth->data_in : "",
        auth->data_in != NULL ? ((const char *)auth->data_in)[auth->data_in_len] : 0);
    if (strcmp(auth->auth_method, "TEST") != 0) {
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    auth->data_out = mosquitto_strdup(event == MOSQ_EVT_EXT_AUTH_START ? "challenge" : "bye");
    auth->data_out_len = (uint16_t)strlen(auth->data_out);
    return event == MOSQ_EVT_EXT_AUTH_START ? MOSQ_ERR_AUTH_CONTINUE : MOSQ_ERR_SUCCESS;
}

static int on_psk_key(int event, void *data, void *userdata)
{
    struct mosquitto_evt_psk_key *psk = data;

    (void)userdata;
    RECORD(
        "psk event=%d client=%s address=%s hint=%s identity=%s room=%d",
        event,
        or_null(mosquitto_client_id(psk->client)),
        or_null(mosquitto_client_address(psk->client)),
        psk->hint,
        psk->identity,
        psk->max_key_len > 8);
    if (strcmp(psk->identity, "me") != 0) {
        return MOSQ_ERR_INVAL;
    }
    snprintf(psk->key, (size_t)psk->max_key_len, "12345678");
    return MOSQ_ERR_SUCCESS;
}

static void record_control(mosquitto_plugin_id_t *identifier, const char *topic)
{
    RECORD(
        "%s %d",
        topic,
        mosquitto_callback_register(identifier, MOSQ_EVT_CONTROL, on_control, topic, NULL));
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    static const struct {
        int event;
        MOSQ_FUNC_generic_callback function;
    } callbacks[] = {
        {MOSQ_EVT_RELOAD, on_reload},
        {MOSQ_EVT_ACL_CHECK, on_acl_check},
        {MOSQ_EVT_BASIC_AUTH, on_basic_auth},
        {MOSQ_EVT_MESSAGE_IN, on_message_in},
        {MOSQ_EVT_MESSAGE_OUT, on_message_out},
        {MOSQ_EVT_SUBSCRIBE, on_subscribe},
        {MOSQ_EVT_UNSUBSCRIBE, on_subscribe},
        {MOSQ_EVT_CONNECT, on_connection},
        {MOSQ_EVT_DISCONNECT, on_connection},
        {MOSQ_EVT_CLIENT_OFFLINE, on_connection},
        {MOSQ_EVT_EXT_AUTH_START, on_extended},
        {MOSQ_EVT_EXT_AUTH_CONTINUE, on_extended},
        {MOSQ_EVT_PSK_KEY, on_psk_key},
    };

    record_options("init", options, count);
    RECORD("name before=%s", (const char *)identifier);
    RECORD("set_info %d", mosquitto_plugin_set_info(identifier, "recorder", "1.2"));
    RECORD("name after=%s", (const char *)identifier);
    for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++) {
        int code = mosquitto_callback_register(
            identifier, callbacks[i].event, callbacks[i].function, NULL, &marker);
        if (code != 0) {
            RECORD("register %d: %d", callbacks[i].event, code);
        }
    }
    RECORD(
        "again %d",
        mosquitto_callback_register(identifier, MOSQ_EVT_CONNECT, on_connection, NULL, NULL));
    RECORD("null %d", mosquitto_callback_register(identifier, MOSQ_EVT_RELOAD, NULL, NULL, NULL));
    RECORD("unknown %d", mosquitto_callback_register(identifier, 77, on_reload, NULL, NULL));
    RECORD(
        "persist %d",
        mosquitto_callback_register(identifier, MOSQ_EVT_PERSIST_RESTORE, on_reload, NULL, NULL));
    mosquitto_callback_unregister(identifier, MOSQ_EVT_PERSIST_RESTORE, on_reload, NULL);
    record_control(identifier, "$CONTROL/test/v1");
    record_control(identifier, "$CONTROL/test/v1");
    record_control(identifier, "$CONTROL/a");
    record_control(identifier, "CONTROL/something");
    RECORD(
        "unregister tick=%d",
        mosquitto_callback_unregister(identifier, MOSQ_EVT_TICK, on_reload, NULL));
    *userdata = &marker;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "fail") == 0) {
            return atoi(options[i].value);
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    RECORD("cleanup userdata=%d", userdata == &marker);
    record_options("cleanup", options, count);
    return MOSQ_ERR_SUCCESS;
}
