/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of interface version 4, 3 or 2 (MOSQUITTO_AUTH_INTERFACE) that logs every call with its
   arguments. Option fail N: initialisation returns N. */
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

static int marker;

static const char *or_null(const char *text)
{
    return text != NULL ? text : "NULL";
}

static int check(const char *topic)
{
    return strncmp(topic, "denied", 6) == 0 ? MOSQ_ERR_ACL_DENIED : MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_plugin_version(void)
{
    return MOSQ_AUTH_PLUGIN_VERSION;
}

int mosquitto_auth_plugin_init(void **user_data, option *options, int count)
{
    RECORD("init options=%d", count);
    *user_data = &marker;
    for (int i = 0; i < count; i++) {
        RECORD("init [%s]=[%s]", options[i].key, options[i].value);
        if (strcmp(options[i].key, "fail") == 0) {
            return atoi(options[i].value);
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_plugin_cleanup(void *user_data, option *options, int count)
{
    RECORD("cleanup userdata=%d options=%d first=%s", user_data == &marker, count, options[0].key);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_init(void *user_data, option *options, int count, bool reload)
{
    RECORD(
        "security-init userdata=%d options=%d first=%s reload=%d",
        user_data == &marker,
        count,
        options[0].key,
        reload);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_security_cleanup(void *user_data, option *options, int count, bool reload)
{
    RECORD(
        "security-cleanup userdata=%d options=%d first=%s reload=%d",
        user_data == &marker,
        count,
        options[0].key,
        reload);
    return MOSQ_ERR_SUCCESS;
}

#if MOSQUITTO_AUTH_INTERFACE == 2

int mosquitto_auth_acl_check(
    void *user_data, const char *clientid, const char *username, const char *topic, int access)
{
    RECORD(
        "acl userdata=%d client=%s user=%s topic=%s access=%d",
        user_data == &marker,
        or_null(clientid),
        or_null(username),
        topic,
        access);
    return check(topic);
}

int mosquitto_auth_unpwd_check(void *user_data, const char *username, const char *password)
{
    RECORD(
        "unpwd userdata=%d user=%s password=%s",
        user_data == &marker,
        or_null(username),
        or_null(password));
    return username != NULL && strcmp(username, "wrong") == 0 ? MOSQ_ERR_AUTH : MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_psk_key_get(
    void *user_data, const char *hint, const char *identity, char *key, int max_key_len)
{
    RECORD("psk userdata=%d %s %s %d", user_data == &marker, hint, identity, max_key_len > 8);
    strcpy(key, "12345678");
    return MOSQ_ERR_SUCCESS;
}

#else

int mosquitto_auth_acl_check(
    void *user_data, int access, client_handle *client, const struct mosquitto_acl_msg *msg)
{
    RECORD(
        "acl userdata=%d client=%s user=%s topic=%s access=%d payload=%s len=%ld qos=%d retain=%d",
        user_data == &marker,
        or_null(mosquitto_client_id(client)),
        or_null(mosquitto_client_username(client)),
        msg->topic,
        access,
        or_null(msg->payload),
        msg->payloadlen,
        msg->qos,
        msg->retain);
    return check(msg->topic);
}

int mosquitto_auth_unpwd_check(
    void *user_data, client_handle *client, const char *username, const char *password)
{
    RECORD(
        "unpwd userdata=%d client=%s user=%s password=%s",
        user_data == &marker,
        or_null(mosquitto_client_id(client)),
        or_null(username),
        or_null(password));
    return username != NULL && strcmp(username, "wrong") == 0 ? MOSQ_ERR_AUTH : MOSQ_ERR_SUCCESS;
}

int mosquitto_auth_psk_key_get(
    void *user_data,
    client_handle *client,
    const char *hint,
    const char *identity,
    char *key,
    int max_key_len)
{
    RECORD(
        "psk userdata=%d client=%s %s %s %d",
        user_data == &marker,
        or_null(mosquitto_client_id(client)),
        hint,
        identity,
        max_key_len > 8);
    strcpy(key, "12345678");
    return MOSQ_ERR_SUCCESS;
}

#endif
