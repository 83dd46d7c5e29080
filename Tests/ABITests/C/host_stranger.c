/* SPDX-License-Identifier: Apache-2.0 */
/* A persistence plugin with the habits of other people: one callback registered for every event there is, headers of the
   2.1 tree, a table in memory that is written to a file (option file PATH) at ticks and at the end, deliveries told apart by
   client, message and direction, properties as JSON, corrections of what was given back, everything unregistered in the end. */
#include <mosquitto.h>
#include <mosquitto/broker.h>
#include <mosquitto/broker_plugin.h>
#include <mosquitto/libcommon_cjson.h>
#include <mosquitto/libcommon_memory.h>
#include <mosquitto/mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

#define LAST_EVENT MOSQ_EVT_PERSIST_WILL_DELETE

enum kind { FREE, BASE, RETAIN, CLIENT, SUB, MSG, WILL };

struct row {
    enum kind kind;
    uint64_t id;
    int64_t numbers[6];
    char name[64];
    char topic[64];
    char text[256];
    char user[64];
};

static mosquitto_plugin_id_t *plugin;
static struct row rows[512];
static char *path;
static int is_dirty;
static unsigned long counts[LAST_EVENT + 1];

static struct row *find(enum kind kind, const char *name, const char *topic, uint64_t id, int direction)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct row *row = &rows[i];
        if (row->kind == kind && (name == NULL || strcmp(row->name, name) == 0)
            && (topic == NULL || strcmp(row->topic, topic) == 0) && (id == 0 || row->id == id)
            && (direction < 0 || row->numbers[0] == direction)) {
            return row;
        }
    }
    return NULL;
}

static struct row *make(enum kind kind, struct row *known)
{
    struct row *row = known != NULL ? known : find(FREE, NULL, NULL, 0, -1);

    if (row == NULL) {
        abort();
    }
    memset(row, 0, sizeof(*row));
    row->kind = kind;
    return row;
}

static void drop(struct row *row)
{
    if (row != NULL) {
        row->kind = FREE;
    }
}

static void set(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from != NULL ? from : "");
}
#define SET(field, from) set(field, sizeof(field), from)

static void on_message(int event, struct mosquitto_base_msg *msg)
{
    struct row *row = find(BASE, NULL, NULL, msg->store_id, -1);
    cJSON *json;

    if (event == MOSQ_EVT_PERSIST_BASE_MSG_DELETE) {
        drop(row);
        return;
    }
    row = make(BASE, row);
    row->id = msg->store_id;
    row->numbers[1] = msg->qos;
    row->numbers[2] = msg->retain;
    row->numbers[3] = msg->payloadlen;
    SET(row->topic, msg->topic);
    memcpy(row->text, msg->payload != NULL ? msg->payload : "", msg->payloadlen);
    SET(row->name, msg->source_id);
    json = mosquitto_properties_to_json(msg->properties);
    if (json != NULL) {
        char *text = cJSON_PrintUnformatted(json);
        SET(row->user, text);
        free(text);
        cJSON_Delete(json);
    }
}

static void on_client(int event, struct mosquitto_client *client)
{
    struct row *row = find(CLIENT, client->clientid, NULL, 0, -1);

    if (event != MOSQ_EVT_PERSIST_CLIENT_DELETE) {
        row = make(CLIENT, row);
        SET(row->name, client->clientid);
        SET(row->user, client->username);
        row->numbers[1] = client->session_expiry_interval;
        row->numbers[2] = client->session_expiry_time;
        row->numbers[3] = client->listener_port;
        return;
    }
    drop(row);
    while ((row = find(SUB, client->clientid, NULL, 0, -1)) != NULL
        || (row = find(MSG, client->clientid, NULL, 0, -1)) != NULL) {
        drop(row);
    }
}

static void on_delivery(int event, struct mosquitto_client_msg *msg)
{
    struct row *row = find(MSG, msg->clientid, NULL, msg->store_id, msg->direction);

    if (event == MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE) {
        drop(row);
        return;
    }
    if (event == MOSQ_EVT_PERSIST_CLIENT_MSG_ADD) {
        row = make(MSG, row);
        SET(row->name, msg->clientid);
        row->id = msg->store_id;
        row->numbers[0] = msg->direction;
        row->numbers[1] = msg->qos;
        row->numbers[5] = msg->subscription_identifier;
    } else if (row == NULL) {
        return;
    }
    row->numbers[2] = msg->mid;
    row->numbers[3] = msg->state;
    row->numbers[4] = msg->dup;
}

static void write_all(void)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fwrite(rows, sizeof(rows), 1, file) != 1 || fclose(file) != 0) {
        abort();
    }
    is_dirty = 0;
}

static int results[20];

static void note(int code)
{
    results[code >= 0 && code < 20 ? code : 19]++;
}

static void restore_row(struct row *row, enum kind kind)
{
    struct mosquitto_base_msg base = {0};
    struct mosquitto_client client = {0};
    struct mosquitto_subscription sub = {0};
    struct mosquitto_client_msg msg = {0};

    switch (row->kind == kind ? kind : FREE) {
    case BASE:
        base.store_id = row->id;
        base.topic = mosquitto_strdup(row->topic);
        base.payloadlen = (uint32_t)row->numbers[3];
        base.payload = mosquitto_calloc(1, base.payloadlen + 1);
        memcpy(base.payload, row->text, base.payloadlen);
        base.qos = (uint8_t)row->numbers[1];
        base.retain = row->numbers[2] != 0;
        base.source_id = row->name;
        if (strstr(row->user, "content-type") != NULL) {
            mosquitto_property_add_string(&base.properties, MQTT_PROP_CONTENT_TYPE, "text");
        }
        note(mosquitto_persist_base_msg_add(&base));
        break;
    case RETAIN:
        note(mosquitto_persist_retain_msg_set(row->topic, row->id));
        break;
    case CLIENT:
        client.clientid = mosquitto_strdup(row->name);
        client.username = row->user[0] != '\0' ? mosquitto_strdup(row->user) : NULL;
        client.session_expiry_interval = (uint32_t)row->numbers[1];
        client.session_expiry_time = (time_t)row->numbers[2];
        client.listener_port = (uint16_t)row->numbers[3];
        note(mosquitto_persist_client_add(&client));
        /* Once more: the identifier is only read now. */
        client.clientid = row->name;
        client.username = row->user[0] != '\0' ? mosquitto_strdup(row->user) : NULL;
        note(mosquitto_persist_client_update(&client));
        break;
    case SUB:
        sub.clientid = row->name;
        sub.topic_filter = row->topic;
        sub.options = (uint8_t)row->numbers[1];
        sub.identifier = (uint32_t)row->numbers[2];
        note(mosquitto_subscription_add(&sub));
        break;
    case MSG:
        msg.clientid = row->name;
        msg.cmsg_id = 0; /* It keeps none. */
        msg.store_id = row->id;
        msg.direction = (uint8_t)row->numbers[0];
        msg.qos = (uint8_t)row->numbers[1];
        msg.mid = (uint16_t)row->numbers[2];
        msg.state = (uint8_t)row->numbers[3];
        msg.dup = (uint8_t)row->numbers[4];
        msg.subscription_identifier = (uint32_t)row->numbers[5];
        note(mosquitto_persist_client_msg_add(&msg));
        break;
    case WILL:
        note(mosquitto_client_will_set(row->name, row->topic, (int)strlen(row->text), row->text,
            (int)row->numbers[1], row->numbers[2] != 0, NULL));
        break;
    default:
        break;
    }
}

/* Something is given back that is not true, and taken back again. */
static void correct(void)
{
    struct mosquitto_base_msg base = {0};
    struct mosquitto_client client = {0};
    struct mosquitto_client_msg msg = {0};
    struct mosquitto_subscription sub = {.clientid = "wrong", .topic_filter = "wrong/#"};

    base.store_id = 99;
    base.topic = mosquitto_strdup("wrong/topic");
    note(mosquitto_persist_base_msg_add(&base));
    note(mosquitto_persist_retain_msg_set("wrong/topic", 99));
    client.clientid = mosquitto_strdup("wrong");
    client.session_expiry_interval = UINT32_MAX;
    note(mosquitto_persist_client_add(&client));
    note(mosquitto_subscription_add(&sub));
    msg.clientid = "wrong";
    msg.store_id = 99;
    msg.direction = mosq_bmd_out;
    msg.qos = 1;
    msg.mid = 7;
    msg.state = 3;
    note(mosquitto_persist_client_msg_add(&msg));
    msg.state = 11;
    note(mosquitto_persist_client_msg_update(&msg));
    note(mosquitto_persist_client_msg_delete(&msg));
    note(mosquitto_persist_client_msg_clear(&msg));
    note(mosquitto_subscription_delete("wrong", "wrong/#"));
    note(mosquitto_persist_client_delete("wrong"));
    note(mosquitto_persist_retain_msg_delete("wrong/topic"));
    note(mosquitto_persist_base_msg_delete(99));
}

static void restore(void)
{
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        return;
    }
    if (fread(rows, sizeof(rows), 1, file) != 1) {
        abort();
    }
    fclose(file);
    for (enum kind kind = BASE; kind <= WILL; kind++) {
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            restore_row(&rows[i], kind);
        }
    }
    correct();
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC stranger restored ok=%d wrong=%d", results[0],
        results[MOSQ_ERR_INVAL] + results[MOSQ_ERR_NOT_FOUND] + results[MOSQ_ERR_UNKNOWN] + results[19]);
}

static void take(int event, void *data)
{
    struct mosquitto_evt_persist_retain_msg *retain = data;
    struct mosquitto_subscription *sub = &((struct mosquitto_evt_persist_subscription *)data)->data;
    struct mosquitto_will_msg *will = &((struct mosquitto_evt_persist_will_msg *)data)->data;
    struct row *row;

    switch (event) {
    case MOSQ_EVT_PERSIST_BASE_MSG_ADD:
    case MOSQ_EVT_PERSIST_BASE_MSG_DELETE:
        on_message(event, &((struct mosquitto_evt_persist_base_msg *)data)->data);
        break;
    case MOSQ_EVT_PERSIST_RETAIN_MSG_SET:
        row = make(RETAIN, find(RETAIN, NULL, retain->topic, 0, -1));
        SET(row->topic, retain->topic);
        row->id = retain->store_id;
        break;
    case MOSQ_EVT_PERSIST_RETAIN_MSG_DELETE:
        drop(find(RETAIN, NULL, retain->topic, 0, -1));
        break;
    case MOSQ_EVT_PERSIST_CLIENT_ADD:
    case MOSQ_EVT_PERSIST_CLIENT_UPDATE:
    case MOSQ_EVT_PERSIST_CLIENT_DELETE:
        on_client(event, &((struct mosquitto_evt_persist_client *)data)->data);
        break;
    case MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD:
        row = make(SUB, find(SUB, sub->clientid, sub->topic_filter, 0, -1));
        SET(row->name, sub->clientid);
        SET(row->topic, sub->topic_filter);
        row->numbers[1] = sub->options;
        row->numbers[2] = sub->identifier;
        break;
    case MOSQ_EVT_PERSIST_SUBSCRIPTION_DELETE:
        drop(find(SUB, sub->clientid, sub->topic_filter, 0, -1));
        break;
    case MOSQ_EVT_PERSIST_CLIENT_MSG_ADD:
    case MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE:
    case MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE:
        on_delivery(event, &((struct mosquitto_evt_persist_client_msg *)data)->data);
        break;
    case MOSQ_EVT_PERSIST_WILL_ADD: /* The number of both. */
        row = find(WILL, will->clientid, NULL, 0, -1);
        if (will->topic == NULL) {
            drop(row);
            break;
        }
        row = make(WILL, row);
        SET(row->name, will->clientid);
        SET(row->topic, will->topic);
        memcpy(row->text, will->payload != NULL ? will->payload : "", will->payloadlen);
        row->numbers[1] = will->qos;
        row->numbers[2] = will->retain;
        break;
    default:
        return;
    }
    is_dirty = 1;
}

static int on_event(int event, void *data, void *userdata)
{
    (void)userdata;
    counts[event]++;
    if (event == MOSQ_EVT_PERSIST_RESTORE) {
        restore();
    } else if (event == MOSQ_EVT_TICK) {
        if (is_dirty) {
            write_all();
            mosquitto_log_printf(MOSQ_LOG_INFO, "REC stranger wrote");
        }
        ((struct mosquitto_evt_tick *)data)->next_ms = 20;
    } else {
        take(event, data);
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    plugin = identifier;
    mosquitto_plugin_set_info(identifier, "stranger", "1.0");
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "file") == 0) {
            path = mosquitto_strdup(options[i].value);
        }
    }
    for (int event = 1; event <= LAST_EVENT; event++) {
        int code = mosquitto_callback_register(identifier, event, on_event, NULL, NULL);
        /* CONTROL wants a topic. */
        if ((code != MOSQ_ERR_SUCCESS) != (event == MOSQ_EVT_CONTROL)) {
            mosquitto_log_printf(MOSQ_LOG_ERR, "stranger: event %d: %d", event, code);
            return code != MOSQ_ERR_SUCCESS ? code : MOSQ_ERR_UNKNOWN;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    int failures = 0;

    (void)userdata;
    (void)options;
    (void)count;
    for (int event = 1; event <= LAST_EVENT; event++) {
        int code = mosquitto_callback_unregister(plugin, event, on_event, NULL);
        failures += code != MOSQ_ERR_SUCCESS && event != MOSQ_EVT_CONTROL;
    }
    write_all();
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC stranger over failures=%d told=%d", failures,
        counts[MOSQ_EVT_PERSIST_CLIENT_MSG_ADD] > 0);
    mosquitto_free(path);
    return MOSQ_ERR_SUCCESS;
}
