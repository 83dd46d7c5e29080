/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin of interface version 2, with nothing in it: its signatures must agree with the header. */
#define MOSQUITTO_AUTH_INTERFACE 2
#include <mosquitto.h>
#include <mosquitto_plugin.h>

int mosquitto_auth_plugin_version(void)
{
    return MOSQ_AUTH_PLUGIN_VERSION;
}

int mosquitto_auth_plugin_init(void **ud, struct mosquitto_auth_opt *opts, int count)
{
    *ud = opts;
    return count < 0;
}

int mosquitto_auth_plugin_cleanup(void *ud, struct mosquitto_auth_opt *opts, int count)
{
    return ud != opts || count < 0;
}

int mosquitto_auth_security_init(
    void *ud, struct mosquitto_auth_opt *opts, int count, bool reload)
{
    return ud != opts || count < 0 || reload;
}

int mosquitto_auth_security_cleanup(
    void *ud, struct mosquitto_auth_opt *opts, int count, bool reload)
{
    return ud != opts || count < 0 || reload;
}

int mosquitto_auth_acl_check(
    void *ud, const char *clientid, const char *username, const char *topic, int access)
{
    return ud && clientid && username && topic && access == MOSQ_ACL_READ;
}

int mosquitto_auth_unpwd_check(void *ud, const char *username, const char *password)
{
    return ud && username && password;
}

int mosquitto_auth_psk_key_get(
    void *ud, const char *hint, const char *identity, char *key, int max_key_len)
{
    return ud && hint && identity && key && max_key_len;
}
