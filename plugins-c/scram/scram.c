/* SPDX-License-Identifier: Apache-2.0 */
/* Enhanced authentication by SCRAM-SHA-256 and SCRAM-SHA-512: the plugin around the exchange. */
#define _POSIX_C_SOURCE 200809L
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange.h"

/* Absent in the original broker, and NULL then. */
#pragma weak mosquitto_client_tls_exporter
int mosquitto_client_tls_exporter(const struct mosquitto *client, unsigned char binding[32]);

enum {
    /* Longest time between the two messages of a client. */
    EXCHANGE_SECONDS = 60,
    /* Most exchanges under way at one time; beyond it the oldest gives way. */
    EXCHANGES_MAX = 4096
};

/* An exchange between its two steps, in a list with the newest first. The handle is only compared,
   never followed: it says which connection the second message belongs to. */
struct pending {
    struct pending *next;
    const struct mosquitto *client;
    time_t since;
    bool requires_binding;
    struct exchange exchange;
};

static mosquitto_plugin_id_t *self;
static char *credential_file;
static char *certificate_file;
static struct credentials credentials;
static struct exchange_settings settings;
static struct pending *pending;
static size_t pending_count;

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Takes the entry at *link out of the list and frees it. */
static void forget(struct pending **link)
{
    struct pending *entry = *link;

    *link = entry->next;
    free_exchange(&entry->exchange);
    free(entry);
    pending_count--;
}

/* Forgets what a client has left behind, what is too old, and what is too much. */
static void clean_up(const struct mosquitto *client)
{
    struct pending **link = &pending;
    time_t oldest = now() - EXCHANGE_SECONDS;
    size_t count = 0;

    while (*link != NULL) {
        if ((*link)->client == client || (*link)->since < oldest || count >= EXCHANGES_MAX - 1) {
            forget(link);
        } else {
            count++;
            link = &(*link)->next;
        }
    }
}

/* Finds the mechanism of an authentication method, "-PLUS" or not; the method may be NULL. */
static const struct mechanism *mechanism_of(const char *method, bool *requires_binding)
{
    static const char plus[] = "-PLUS";
    size_t length = method != NULL ? strlen(method) : 0;
    size_t suffix = sizeof(plus) - 1;

    *requires_binding = length > suffix && strcmp(method + length - suffix, plus) == 0;
    return length > 0 ? find_mechanism(method, *requires_binding ? length - suffix : length) : NULL;
}

/* Whether a method is the one an exchange began with; 2.0 does not repeat it. */
static bool is_same_method(const struct pending *entry, const char *method)
{
    bool requires_binding;

    return method == NULL || method[0] == '\0'
        || (mechanism_of(method, &requires_binding) == entry->exchange.verifier.mechanism
            && requires_binding == entry->requires_binding);
}

/* Hands a reply (malloc) to the broker, which frees it. */
static void send_reply(struct mosquitto_evt_extended_auth *data, char *reply)
{
    data->data_out = reply;
    data->data_out_len = (uint16_t)strlen(reply);
}

/* Refuses a client and says why, as RFC 5802 has it; the original broker keeps that for itself. */
static int refuse(struct mosquitto_evt_extended_auth *data, const char *failure)
{
    const char *id = mosquitto_client_id(data->client);
    size_t size = strlen(failure) + sizeof("e=");
    char *reply = malloc(size);

    if (reply != NULL) {
        snprintf(reply, size, "e=%s", failure);
        send_reply(data, reply);
    }

    mosquitto_log_printf(
        MOSQ_LOG_NOTICE, "scram: refused client %s: e=%s", id != NULL ? id : "(none)", failure);
    return MOSQ_ERR_AUTH;
}

/* The settings for an exchange of a client. */
static struct exchange_settings settings_for(const struct mosquitto *client)
{
    struct exchange_settings own = settings;

    if (mosquitto_client_tls_exporter != NULL
        && mosquitto_client_tls_exporter(client, own.exporter) == MOSQ_ERR_SUCCESS) {
        own.exporter_size = EXPORTER_SIZE;
    }
    return own;
}

static int on_start(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_extended_auth *data = event_data;
    bool requires_binding;
    const struct mechanism *mechanism = mechanism_of(data->auth_method, &requires_binding);
    struct exchange_settings own = settings_for(data->client);
    struct pending *entry;
    const char *failure;
    char *reply;

    (void)event;
    (void)userdata;
    clean_up(data->client);
    if (mechanism == NULL
        || (requires_binding && own.binding_size == 0 && own.exporter_size == 0)) {
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    entry = calloc(1, sizeof(*entry));
    if (entry == NULL) {
        return MOSQ_ERR_NOMEM;
    }
    entry->client = data->client;
    entry->since = now();
    entry->requires_binding = requires_binding;
    entry->next = pending;
    pending = entry;
    pending_count++;
    failure = begin_exchange(
        &entry->exchange, &own, mechanism, requires_binding, data->data_in,
        data->data_in_len, &reply);
    if (failure != NULL) {
        forget(&pending);
        return refuse(data, failure);
    }
    send_reply(data, reply);
    return MOSQ_ERR_AUTH_CONTINUE;
}

/* Makes the authenticated name the client's. A client that has a name already (by CONNECT, or from
   the authentication before this one) must have proved to be the one it said. */
static const char *take_name(struct mosquitto *client, const char *username)
{
    const char *current = mosquitto_client_username(client);

    if (current != NULL && strcmp(current, username) != 0) {
        return "other-error";
    }
    return mosquitto_set_username(client, username) == MOSQ_ERR_SUCCESS
        ? NULL
        : "invalid-username-encoding";
}

static int on_continue(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_extended_auth *data = event_data;
    struct pending **link = &pending;
    bool requires_binding;
    const char *failure;
    char *reply;

    (void)event;
    (void)userdata;
    /* The client decides, not the method: 2.0 leaves that NULL here. */
    while (*link != NULL && (*link)->client != data->client) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        return mechanism_of(data->auth_method, &requires_binding) != NULL
            ? refuse(data, "other-error")
            : MOSQ_ERR_PLUGIN_DEFER;
    }
    if ((*link)->since < now() - EXCHANGE_SECONDS || !is_same_method(*link, data->auth_method)) {
        forget(link);
        return refuse(data, "other-error");
    }
    failure = finish_exchange(&(*link)->exchange, data->data_in, data->data_in_len, &reply);
    if (failure == NULL) {
        failure = take_name(data->client, (*link)->exchange.username);
        if (failure != NULL) {
            free(reply);
        }
    }
    forget(link);
    if (failure != NULL) {
        return refuse(data, failure);
    }
    send_reply(data, reply);
    return MOSQ_ERR_SUCCESS;
}

/* Reads both files; on failure what is in use stays. `previous` is what was read before, or NULL. */
static bool load(const struct credentials *previous)
{
    struct credentials fresh;
    struct credential_error error;
    unsigned char binding[DIGEST_MAX];
    size_t size = certificate_file != NULL ? end_point_binding(certificate_file, binding) : 0;

    if (certificate_file != NULL && size == 0) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "scram: %s: no usable certificate", certificate_file);
        return false;
    }
    if (!read_credentials(credential_file, previous, &fresh, &error)) {
        mosquitto_log_printf(
            MOSQ_LOG_ERR, "scram: %s, line %d: %s", credential_file, error.line, error.text);
        return false;
    }
    memcpy(settings.binding, binding, size);
    settings.binding_size = size;
    free_credentials(&credentials);
    credentials = fresh;
    return true;
}

static int on_reload(int event, void *event_data, void *userdata)
{
    (void)event;
    (void)event_data;
    (void)userdata;
    if (load(&credentials)) {
        mosquitto_log_printf(MOSQ_LOG_INFO, "scram: %d verifiers", (int)credentials.count);
    }
    return MOSQ_ERR_SUCCESS;
}

/* Keeps a copy of an option's value, which the broker may free. */
static bool keep(char **kept, const char *value)
{
    free(*kept);
    *kept = strdup(value);
    return *kept != NULL;
}

/* Takes over one option. */
static bool set_option(const struct mosquitto_opt *option)
{
    if (strcmp(option->key, "credential_file") == 0) {
        return keep(&credential_file, option->value);
    }
    if (strcmp(option->key, "server_certificate") == 0) {
        return keep(&certificate_file, option->value);
    }
    if (strcmp(option->key, "default_iterations") == 0) {
        size_t length = strlen(option->value);
        long number = strtol(option->value, NULL, 10);

        settings.default_iterations = (int)number;
        return length > 0 && length == strspn(option->value, "0123456789")
            && number >= ITERATIONS_MIN && number <= ITERATIONS_MAX;
    }
    return false;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int result;
    int i;

    (void)userdata;
    self = identifier;
    settings.credentials = &credentials;
    for (i = 0; i < count; i++) {
        if (!set_option(&options[i])) {
            mosquitto_log_printf(
                MOSQ_LOG_ERR, "scram: bad option %s %s", options[i].key, options[i].value);
            return MOSQ_ERR_INVAL;
        }
    }
    if (credential_file == NULL) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "scram: plugin_opt_credential_file is missing");
        return MOSQ_ERR_INVAL;
    }
    if (!load(NULL)) {
        return MOSQ_ERR_INVAL;
    }
    result = mosquitto_callback_register(self, MOSQ_EVT_RELOAD, on_reload, NULL, NULL);
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_callback_register(self, MOSQ_EVT_EXT_AUTH_START, on_start, NULL, NULL);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_callback_register(
            self, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL, NULL);
    }
    return result;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_RELOAD, on_reload, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_EXT_AUTH_START, on_start, NULL);
    mosquitto_callback_unregister(self, MOSQ_EVT_EXT_AUTH_CONTINUE, on_continue, NULL);
    while (pending != NULL) {
        forget(&pending);
    }
    free_credentials(&credentials);
    free(credential_file);
    free(certificate_file);
    credential_file = NULL;
    certificate_file = NULL;
    return MOSQ_ERR_SUCCESS;
}
