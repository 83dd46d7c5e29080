/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of interface version 4, 3 or 2 (MOSQUITTO_AUTH_INTERFACE) that answers what it is told to: a
   user name, a payload or a topic level is its result. Version 4 takes clients through an exchange of one step. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

#define RECORD(...) mosquitto_log_printf(MOSQ_LOG_INFO, "REC " __VA_ARGS__)

#if MOSQUITTO_AUTH_INTERFACE == 2
typedef struct mosquitto_auth_opt option;
#else
typedef struct mosquitto_opt option;
#endif
#if MOSQUITTO_AUTH_INTERFACE == 3
typedef const struct mosquitto client_handle;
#else
typedef struct mosquitto client_handle;
#endif

static int login(const char *username, const char *password)
{
    RECORD("login %s %s", username != NULL ? username : "NULL", password != NULL ? password : "NULL");
    return username != NULL ? atoi(username) : MOSQ_ERR_SUCCESS;
}

static int check(const char *topic)
{
    return strncmp(topic, "code/", 5) == 0 ? atoi(topic + 5) : MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_plugin_version(void)
{
    return MOSQ_AUTH_PLUGIN_VERSION;
}

int mosquitto_auth_plugin_init(void **user_data, option *options, int count)
{
    (void)user_data;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_plugin_cleanup(void *user_data, option *options, int count)
{
    (void)user_data;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_init(void *user_data, option *options, int count, bool reload)
{
    (void)reload;
    return mosquitto_auth_plugin_cleanup(user_data, options, count);
}

int mosquitto_auth_security_cleanup(void *user_data, option *options, int count, bool reload)
{
    (void)reload;
    return mosquitto_auth_plugin_cleanup(user_data, options, count);
}

#if MOSQUITTO_AUTH_INTERFACE == 2

int mosquitto_auth_acl_check(
    void *user_data, const char *clientid, const char *username, const char *topic, int access)
{
    (void)user_data;
    (void)clientid;
    (void)username;
    (void)access;
    return check(topic);
}

int mosquitto_auth_unpwd_check(void *user_data, const char *username, const char *password)
{
    (void)user_data;
    return login(username, password);
}

int mosquitto_auth_psk_key_get(
    void *user_data, const char *hint, const char *identity, char *key, int max_key_len)
{
    (void)user_data;
    (void)hint;
    (void)identity;
    (void)key;
    (void)max_key_len;
    return MOSQ_ERR_PLUGIN_DEFER;
}

#else

int mosquitto_auth_acl_check(
    void *user_data, int access, client_handle *client, const struct mosquitto_acl_msg *msg)
{
    (void)user_data;
    (void)access;
    (void)client;
    return check(msg->topic);
}

int mosquitto_auth_unpwd_check(
    void *user_data, client_handle *client, const char *username, const char *password)
{
    (void)user_data;
    (void)client;
    return login(username, password);
}

int mosquitto_auth_psk_key_get(
    void *user_data,
    client_handle *client,
    const char *hint,
    const char *identity,
    char *key,
    int max_key_len)
{
    (void)user_data;
    (void)client;
    (void)hint;
    (void)identity;
    (void)key;
    (void)max_key_len;
    return MOSQ_ERR_PLUGIN_DEFER;
}

#endif

#if MOSQUITTO_AUTH_INTERFACE == 4

int mosquitto_auth_start(
    void *user_data,
    struct mosquitto *client,
    const char *method,
    bool reauth,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len)
{
    (void)user_data;
    (void)client;
    (void)data_out;
    (void)data_out_len;
    RECORD("start %s reauth=%d", method, reauth);
    return data_in_len > 0 ? atoi(data_in) : MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_continue(
    void *user_data,
    struct mosquitto *client,
    const char *method,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len)
{
    (void)user_data;
    (void)client;
    (void)method;
    (void)data_out;
    (void)data_out_len;
    RECORD("continue");
    return data_in_len > 0 ? atoi(data_in) : MOSQ_ERR_SUCCESS;
}

#endif
