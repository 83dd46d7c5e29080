/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps each user below jail/USERNAME/: topics are moved there on their way in, and moved back on
   their way out. Users given by plugin_opt_free are not jailed. Needs the events of 2.1. */
#define _POSIX_C_SOURCE 200809L
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <string.h>

static const char jail[] = "jail/";

static mosquitto_plugin_id_t *self;
static struct mosquitto_opt *settings;
static int setting_count;

/* Returns whose jail the client sits in, or NULL when it is free. A name with a topic separator or
   a wildcard could reach into another's jail: it gets the jail of nobody. */
static const char *prisoner(const struct mosquitto *client)
{
    const char *name = mosquitto_client_username(client);
    int i;

    if (name == NULL) {
        return "anonymous";
    }
    for (i = 0; i < setting_count; i++) {
        if (strcmp(settings[i].key, "free") == 0 && strcmp(settings[i].value, name) == 0) {
            return NULL;
        }
    }
    return name[0] != '\0' && strpbrk(name, "/+#") == NULL ? name : "nobody";
}

/* Makes "[$share/GROUP/]jail/NAME/TOPIC" of "[$share/GROUP/]TOPIC". */
static char *inside(const char *name, const char *topic)
{
    size_t share_length = 0;
    size_t size;
    char *moved;

    if (strncmp(topic, "$share/", 7) == 0) {
        const char *slash = strchr(topic + 7, '/');

        if (slash != NULL) {
            share_length = (size_t)(slash + 1 - topic);
        }
    }
    size = strlen(topic) + strlen(name) + sizeof(jail) + 1;
    moved = mosquitto_malloc(size);
    if (moved != NULL) {
        snprintf(
            moved, size, "%.*s%s%s/%s", (int)share_length, topic, jail, name,
            topic + share_length);
    }
    return moved;
}

/* Replaces a topic of an event, which the broker then owns. */
static int put_inside(const struct mosquitto *client, char **topic)
{
    const char *name = prisoner(client);
    char *moved;

    if (name == NULL) {
        return MOSQ_ERR_SUCCESS;
    }
    moved = inside(name, *topic);
    if (moved == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    *topic = moved;
    return MOSQ_ERR_SUCCESS;
}

static int on_message_in(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *data = event_data;

    (void)event;
    (void)userdata;
    return put_inside(data->client, &data->topic);
}

static int on_message_out(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_message *data = event_data;
    const char *name = prisoner(data->client);
    size_t name_length;
    const char *topic = data->topic;
    char *moved;

    (void)event;
    (void)userdata;
    if (name == NULL || strncmp(topic, jail, strlen(jail)) != 0) {
        return MOSQ_ERR_SUCCESS;
    }
    name_length = strlen(name);
    topic += strlen(jail);
    if (strncmp(topic, name, name_length) != 0 || topic[name_length] != '/') {
        return MOSQ_ERR_SUCCESS;
    }
    moved = mosquitto_strdup(topic + name_length + 1);
    if (moved == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    data->topic = moved;
    return MOSQ_ERR_SUCCESS;
}

static int on_subscribe(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_subscribe *data = event_data;

    (void)event;
    (void)userdata;
    return put_inside(data->client, &data->data.topic_filter);
}

static int on_unsubscribe(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_unsubscribe *data = event_data;

    (void)event;
    (void)userdata;
    return put_inside(data->client, &data->data.topic_filter);
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    static const struct {
        int event;
        MOSQ_FUNC_generic_callback callback;
    } wanted[] = {
        {MOSQ_EVT_MESSAGE_IN, on_message_in},
        {MOSQ_EVT_MESSAGE_OUT, on_message_out},
        {MOSQ_EVT_SUBSCRIBE, on_subscribe},
        {MOSQ_EVT_UNSUBSCRIBE, on_unsubscribe},
    };
    size_t i;

    (void)userdata;
    self = identifier;
    settings = options;
    setting_count = count;
    for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        int result =
            mosquitto_callback_register(self, wanted[i].event, wanted[i].callback, NULL, NULL);

        if (result != MOSQ_ERR_SUCCESS) {
            mosquitto_log_printf(MOSQ_LOG_ERR, "topic_jail: this broker lacks an event");
            return result;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE_IN, on_message_in, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_MESSAGE_OUT, on_message_out, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_SUBSCRIBE, on_subscribe, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_UNSUBSCRIBE, on_unsubscribe, NULL);
    return MOSQ_ERR_SUCCESS;
}
