/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of the old interface, version 4: one user by options, who may read everything and write
   below his own name. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

struct state {
    const char *username;
    const char *password;
};

int mosquitto_auth_plugin_version(void)
{
    return MOSQ_AUTH_PLUGIN_VERSION;
}

int mosquitto_auth_plugin_init(void **user_data, struct mosquitto_opt *opts, int opt_count)
{
    (void)opts;
    (void)opt_count;
    *user_data = calloc(1, sizeof(struct state));
    return *user_data != NULL ? MOSQ_ERR_SUCCESS : MOSQ_ERR_NOMEM;
}

int mosquitto_auth_plugin_cleanup(void *user_data, struct mosquitto_opt *opts, int opt_count)
{
    (void)opts;
    (void)opt_count;
    free(user_data);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_init(
    void *user_data, struct mosquitto_opt *opts, int opt_count, bool reload)
{
    struct state *state = user_data;
    int i;

    for (i = 0; i < opt_count; i++) {
        if (strcmp(opts[i].key, "username") == 0) {
            state->username = opts[i].value;
        } else if (strcmp(opts[i].key, "password") == 0) {
            state->password = opts[i].value;
        }
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "auth_v4: %s", reload ? "reloaded" : "ready");
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_cleanup(
    void *user_data, struct mosquitto_opt *opts, int opt_count, bool reload)
{
    struct state *state = user_data;

    (void)opts;
    (void)opt_count;
    (void)reload;
    state->username = NULL;
    state->password = NULL;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_unpwd_check(
    void *user_data, struct mosquitto *client, const char *username, const char *password)
{
    const struct state *state = user_data;

    (void)client;
    if (username == NULL || state->username == NULL || strcmp(username, state->username) != 0) {
        return MOSQ_ERR_PLUGIN_DEFER;
    }
    if (password == NULL || state->password == NULL || strcmp(password, state->password) != 0) {
        return MOSQ_ERR_AUTH;
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_acl_check(
    void *user_data, int access, struct mosquitto *client, const struct mosquitto_acl_msg *msg)
{
    const char *username = mosquitto_client_username(client);
    size_t length = username != NULL ? strlen(username) : 0;

    (void)user_data;
    if (access != MOSQ_ACL_WRITE) {
        return MOSQ_ERR_SUCCESS;
    }
    if (length > 0 && strncmp(msg->topic, username, length) == 0 && msg->topic[length] == '/') {
        return MOSQ_ERR_SUCCESS;
    }
    return MOSQ_ERR_ACL_DENIED;
}
