/* SPDX-License-Identifier: Apache-2.0 */
/* A persistence plugin: logs every event it is told, writes each into a journal (option file PATH)
   before it returns, and gives back at the start what the journal says. With -DDIRECT it may be called
   on any thread. */
#include <errno.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)
#define FIELDS_MAX 20

#ifdef DIRECT
int mosquitto_plugin_thread_safe(void)
{
    return 1;
}
#endif

/* ---- The journal: one line for each event, fields in hexadecimal digits, "-" for NULL. */

static int journal = -1;
static const char *path;

static char *append_hex(char *to, const void *bytes, size_t count)
{
    *to++ = ' ';
    if (bytes == NULL) {
        *to++ = '-';
        return to;
    }
    *to++ = 'x';
    for (size_t i = 0; i < count; i++) {
        to += sprintf(to, "%02x", ((const unsigned char *)bytes)[i]);
    }
    return to;
}

static char *append_text(char *to, const char *text)
{
    return append_hex(to, text, text != NULL ? strlen(text) : 0);
}

static char *append_number(char *to, unsigned long long number)
{
    return to + sprintf(to, " %llu", number);
}

/* What is logged of an event when the journal has it: whoever waits for the line may kill the broker then. */
static char later[8192];

#define RECORD_LATER(...) snprintf(later, sizeof(later), "REC " __VA_ARGS__)

static void write_line(const char *line, char *end)
{
    *end++ = '\n';
    if (journal >= 0 && write(journal, line, (size_t)(end - line)) != end - line) {
        abort();
    }
    if (later[0] != '\0') {
        mosquitto_log_printf(MOSQ_LOG_INFO, "%s", later);
        later[0] = '\0';
    }
}

/* A line is written in a piece of memory that is large enough for all its texts. */
static char *begin_line(char **line, const char *name, size_t bytes)
{
    *line = malloc(2 * bytes + 1000);
    if (*line == NULL) {
        abort();
    }
    return *line + sprintf(*line, "%s", name);
}

static const char *or_null(const char *text)
{
    return text != NULL ? text : "NULL";
}

/* The only property that is kept: the content type. */
static char *content_type(const mosquitto_property *list)
{
    char *text = NULL;

    mosquitto_property_read_string(list, MQTT_PROP_CONTENT_TYPE, &text, false);
    return text;
}

/* ---- Events */

static int on_base_msg(int event, void *event_data, void *userdata)
{
    struct mosquitto_base_msg *msg = &((struct mosquitto_evt_persist_base_msg *)event_data)->data;
    char *line;
    char *type = content_type(msg->properties);
    char *end = begin_line(
        &line, event == MOSQ_EVT_PERSIST_BASE_MSG_ADD ? "base" : "base-", msg->payloadlen + 200000);

    (void)userdata;
    end = append_number(end, msg->store_id);
    if (event == MOSQ_EVT_PERSIST_BASE_MSG_ADD) {
        RECORD_LATER(
            "base-add topic=%s payload=%s len=%u end=%d source=%s user=%s mid=%u port=%d qos=%d retain=%d "
            "expiry=%d type=%s",
            msg->topic,
            or_null(msg->payload),
            msg->payloadlen,
            msg->payload != NULL ? ((char *)msg->payload)[msg->payloadlen] : 0,
            or_null(msg->source_id),
            or_null(msg->source_username),
            msg->source_mid,
            msg->source_port != 0,
            msg->qos,
            msg->retain,
            msg->expiry_time != 0,
            or_null(type));
        end = append_number(end, (unsigned long long)msg->expiry_time);
        end = append_text(end, msg->topic);
        end = append_hex(end, msg->payload, msg->payloadlen);
        end = append_text(end, msg->source_id);
        end = append_text(end, msg->source_username);
        end = append_number(end, msg->source_port);
        end = append_number(end, msg->qos);
        end = append_number(end, msg->retain);
        end = append_text(end, type);
    } else {
        RECORD_LATER("base-delete topic=%s", or_null(msg->topic));
    }
    write_line(line, end);
    free(line);
    free(type);
    return MOSQ_ERR_SUCCESS;
}

static int on_retain_msg(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_persist_retain_msg *msg = event_data;
    int is_set = event == MOSQ_EVT_PERSIST_RETAIN_MSG_SET;
    char *line;
    char *end = begin_line(&line, is_set ? "retain" : "retain-", 70000);

    (void)userdata;
    RECORD_LATER("retain-%s topic=%s id=%d", is_set ? "set" : "delete", msg->topic, msg->store_id != 0);
    end = append_text(end, msg->topic);
    end = append_number(end, msg->store_id);
    write_line(line, end);
    free(line);
    return MOSQ_ERR_SUCCESS;
}

static int on_client(int event, void *event_data, void *userdata)
{
    struct mosquitto_client *client = &((struct mosquitto_evt_persist_client *)event_data)->data;
    char *line;
    char *end = begin_line(&line, event == MOSQ_EVT_PERSIST_CLIENT_DELETE ? "client-" : "client", 200000);

    (void)userdata;
    RECORD_LATER(
        "client-%s id=%s user=%s expiry=%u ends=%d delay=%u due=%d port=%d max=%d",
        event == MOSQ_EVT_PERSIST_CLIENT_ADD      ? "add"
        : event == MOSQ_EVT_PERSIST_CLIENT_UPDATE ? "update"
                                                  : "delete",
        client->clientid,
        or_null(client->username),
        client->session_expiry_interval,
        client->session_expiry_time != 0,
        client->will_delay_interval,
        client->will_delay_time != 0,
        client->listener_port != 0,
        client->max_qos);
    end = append_text(end, client->clientid);
    end = append_text(end, client->username);
    end = append_number(end, (unsigned long long)client->will_delay_time);
    end = append_number(end, (unsigned long long)client->session_expiry_time);
    end = append_number(end, client->will_delay_interval);
    end = append_number(end, client->session_expiry_interval);
    end = append_number(end, client->listener_port);
    write_line(line, end);
    free(line);
    return MOSQ_ERR_SUCCESS;
}

static int on_subscription(int event, void *event_data, void *userdata)
{
    struct mosquitto_subscription *sub = &((struct mosquitto_evt_persist_subscription *)event_data)->data;
    int is_added = event == MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD;
    char *line;
    char *end = begin_line(&line, is_added ? "sub" : "sub-", 200000);

    (void)userdata;
    RECORD_LATER(
        "sub-%s id=%s filter=%s identifier=%u options=%d",
        is_added ? "add" : "delete",
        sub->clientid,
        sub->topic_filter,
        sub->identifier,
        sub->options);
    end = append_text(end, sub->clientid);
    end = append_text(end, sub->topic_filter);
    end = append_number(end, sub->identifier);
    end = append_number(end, sub->options);
    write_line(line, end);
    free(line);
    return MOSQ_ERR_SUCCESS;
}

static int on_client_msg(int event, void *event_data, void *userdata)
{
    struct mosquitto_client_msg *msg = &((struct mosquitto_evt_persist_client_msg *)event_data)->data;
    const char *name = event == MOSQ_EVT_PERSIST_CLIENT_MSG_ADD ? "msg"
        : event == MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE           ? "msg="
                                                                : "msg-";
    char *line;
    char *end = begin_line(&line, name, 70000);

    (void)userdata;
    RECORD_LATER(
        "msg-%s id=%s entry=%d mid=%u qos=%d retain=%d dup=%d direction=%d state=%d identifier=%u",
        event == MOSQ_EVT_PERSIST_CLIENT_MSG_ADD      ? "add"
        : event == MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE ? "update"
                                                      : "delete",
        msg->clientid,
        msg->direction == mosq_bmd_out ? (int)msg->cmsg_id : msg->cmsg_id != 0,
        msg->mid,
        msg->qos,
        msg->retain,
        msg->dup,
        msg->direction,
        msg->state,
        msg->subscription_identifier);
    end = append_text(end, msg->clientid);
    end = append_number(end, msg->store_id);
    end = append_number(end, msg->cmsg_id);
    end = append_number(end, msg->mid);
    end = append_number(end, msg->qos);
    end = append_number(end, msg->retain);
    end = append_number(end, msg->dup);
    end = append_number(end, msg->direction);
    end = append_number(end, msg->state);
    end = append_number(end, msg->subscription_identifier);
    write_line(line, end);
    free(line);
    return MOSQ_ERR_SUCCESS;
}

static int on_will(int event, void *event_data, void *userdata)
{
    struct mosquitto_will_msg *will = &((struct mosquitto_evt_persist_will_msg *)event_data)->data;
    char *line;
    char *type = content_type(will->properties);
    char *end = begin_line(&line, will->topic != NULL ? "will" : "will-", will->payloadlen + 200000);

    (void)userdata;
    RECORD_LATER(
        "will-%s event=%d id=%s topic=%s payload=%s qos=%d retain=%d type=%s",
        will->topic != NULL ? "add" : "delete",
        event,
        will->clientid,
        or_null(will->topic),
        or_null(will->payload),
        will->qos,
        will->retain,
        or_null(type));
    end = append_text(end, will->clientid);
    end = append_text(end, will->topic);
    end = append_hex(end, will->payload, will->payloadlen);
    end = append_number(end, will->qos);
    end = append_number(end, will->retain);
    end = append_text(end, type);
    write_line(line, end);
    free(line);
    free(type);
    return MOSQ_ERR_SUCCESS;
}

static int on_connection(int event, void *event_data, void *userdata)
{
    (void)userdata;
    if (event == MOSQ_EVT_CONNECT) {
        RECORD("connect id=%s", mosquitto_client_id(((struct mosquitto_evt_connect *)event_data)->client));
    } else if (event == MOSQ_EVT_CLIENT_OFFLINE) {
        RECORD("offline");
    } else {
        RECORD("disconnect %d", ((struct mosquitto_evt_disconnect *)event_data)->reason);
    }
    return MOSQ_ERR_SUCCESS;
}

#include "host_keeper_restore.h"

/* ---- The plugin */

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    static const struct {
        int event;
        MOSQ_FUNC_generic_callback function;
    } callbacks[] = {
        {MOSQ_EVT_PERSIST_RESTORE, on_restore},
        {MOSQ_EVT_PERSIST_BASE_MSG_ADD, on_base_msg},
        {MOSQ_EVT_PERSIST_BASE_MSG_DELETE, on_base_msg},
        {MOSQ_EVT_PERSIST_RETAIN_MSG_SET, on_retain_msg},
        {MOSQ_EVT_PERSIST_RETAIN_MSG_DELETE, on_retain_msg},
        {MOSQ_EVT_PERSIST_CLIENT_ADD, on_client},
        {MOSQ_EVT_PERSIST_CLIENT_DELETE, on_client},
        {MOSQ_EVT_PERSIST_CLIENT_UPDATE, on_client},
        {MOSQ_EVT_PERSIST_SUBSCRIPTION_ADD, on_subscription},
        {MOSQ_EVT_PERSIST_SUBSCRIPTION_DELETE, on_subscription},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_ADD, on_client_msg},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE, on_client_msg},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE, on_client_msg},
        {MOSQ_EVT_PERSIST_WILL_ADD, on_will},
        {MOSQ_EVT_PERSIST_WILL_DELETE, on_will},
        {MOSQ_EVT_CONNECT, on_connection},
        {MOSQ_EVT_DISCONNECT, on_connection},
        {MOSQ_EVT_CLIENT_OFFLINE, on_connection},
    };

    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "file") == 0) {
            path = options[i].value;
        }
        if (strcmp(options[i].key, "node") == 0) {
            RECORD("node %d", mosquitto_broker_node_id_set((uint16_t)atoi(options[i].value)));
        }
    }
    if (path != NULL) {
        journal = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++) {
        int code = mosquitto_callback_register(
            identifier, callbacks[i].event, callbacks[i].function, NULL, NULL);
        if (code != MOSQ_ERR_SUCCESS) {
            return code;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    RECORD("cleanup");
    return MOSQ_ERR_SUCCESS;
}
