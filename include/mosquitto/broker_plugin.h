/* SPDX-License-Identifier: Apache-2.0 */
/* The functions a plugin exports: interface version 5 and, for old plugins, 4, 3 and 2. */
#ifndef MOSQUITTO_BROKER_PLUGIN_H
#define MOSQUITTO_BROKER_PLUGIN_H

#include "defs.h"

/* Version of the interface with mosquitto_plugin_init(). */
#define MOSQ_PLUGIN_VERSION 5

/* Version of the interface with mosquitto_auth_plugin_init(). Its functions have other signatures
   in versions 2 and 3: the source of such a plugin defines MOSQUITTO_AUTH_INTERFACE as 2 or 3
   before it includes any of these headers. */
#ifndef MOSQUITTO_AUTH_INTERFACE
#define MOSQUITTO_AUTH_INTERFACE 4
#endif
#define MOSQ_AUTH_PLUGIN_VERSION MOSQUITTO_AUTH_INTERFACE

/* What a client wants to do, in an ACL check. */
#define MOSQ_ACL_NONE 0x00
#define MOSQ_ACL_READ 0x01
#define MOSQ_ACL_WRITE 0x02
#define MOSQ_ACL_SUBSCRIBE 0x04
#define MOSQ_ACL_UNSUBSCRIBE 0x08

#ifdef __cplusplus
extern "C" {
#endif

/* One plugin_opt_<key> <value> line of the configuration. The array and its strings belong to
   the broker and stay valid, at the same place, until the plugin's cleanup has returned. */
struct mosquitto_opt {
    char *key;
    char *value;
};

/* The same under the name it has in version 2. */
struct mosquitto_auth_opt {
    char *key;
    char *value;
};

/* The message of an ACL check in versions 3 and 4; belongs to the broker. */
struct mosquitto_acl_msg {
    const char *topic;
    const void *payload;
    long payloadlen;
    int qos;
    bool retain;
};

/* A loaded plugin. Opaque; belongs to the broker; valid as long as the broker runs. In this
   broker the memory behind it begins with the plugin's name, NUL-terminated UTF-8. */
typedef struct mosquitto_plugin_id_t mosquitto_plugin_id_t;

/* ---- Version 5 */

/* Chooses an interface version. supported_versions is the broker's and only valid during the call.
   Returns one of its supported_version_count numbers, or -1 when none will do.
   [main] */
mosq_plugin_EXPORT int mosquitto_plugin_version(
    int supported_version_count, const int *supported_versions);

/* Starts the plugin, which registers its callbacks now. What it stores in *userdata is given to
   its cleanup. Options: see struct mosquitto_opt. Returns 0; anything else ends the broker.
   [main] */
mosq_plugin_EXPORT int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier,
    void **userdata,
    struct mosquitto_opt *options,
    int option_count);

/* Ends the plugin, which frees what it owns. Optional here, needed in 2.0. The result is ignored.
   [main] */
mosq_plugin_EXPORT int mosquitto_plugin_cleanup(
    void *userdata, struct mosquitto_opt *options, int option_count);

/* Defines a mosquitto_plugin_version() that takes interface version A or refuses. */
#define MOSQUITTO_PLUGIN_DECLARE_VERSION(A)                                                       \
    int mosquitto_plugin_version(int supported_version_count, const int *supported_versions)      \
    {                                                                                             \
        int i;                                                                                    \
        for (i = 0; i < supported_version_count; i++) {                                           \
            if (supported_versions[i] == (A)) {                                                   \
                return (A);                                                                       \
            }                                                                                     \
        }                                                                                         \
        return -1;                                                                                \
    }

/* ---- Versions 2 to 4. Strings, clients and messages belong to the broker and are valid during
   the call only. */

/* Returns MOSQ_AUTH_PLUGIN_VERSION.
   [main] */
mosq_plugin_EXPORT int mosquitto_auth_plugin_version(void);

/* Starts the plugin. What it stores in *user_data is given to every other function. Returns 0;
   anything else ends the broker.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_plugin_init(
    void **user_data, struct mosquitto_auth_opt *auth_opts, int auth_opt_count);
#else
mosq_plugin_EXPORT int mosquitto_auth_plugin_init(
    void **user_data, struct mosquitto_opt *opts, int opt_count);
#endif

/* Ends the plugin, which frees what it owns. The result is ignored.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_plugin_cleanup(
    void *user_data, struct mosquitto_auth_opt *auth_opts, int auth_opt_count);
#else
mosq_plugin_EXPORT int mosquitto_auth_plugin_cleanup(
    void *user_data, struct mosquitto_opt *opts, int opt_count);
#endif

/* Reads what the plugin decides by: after its start, and with reload after the configuration was
   read again. Returns 0; anything else ends the broker.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_security_init(
    void *user_data, struct mosquitto_auth_opt *auth_opts, int auth_opt_count, bool reload);
#else
mosq_plugin_EXPORT int mosquitto_auth_security_init(
    void *user_data, struct mosquitto_opt *opts, int opt_count, bool reload);
#endif

/* Forgets what the plugin decides by: before its end, and with reload before it is read again.
   Returns 0; anything else ends the broker.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_security_cleanup(
    void *user_data, struct mosquitto_auth_opt *auth_opts, int auth_opt_count, bool reload);
#else
mosq_plugin_EXPORT int mosquitto_auth_security_cleanup(
    void *user_data, struct mosquitto_opt *opts, int opt_count, bool reload);
#endif

/* Decides whether the client may do what access (MOSQ_ACL_*) says. Returns 0 to allow,
   MOSQ_ERR_ACL_DENIED to refuse, MOSQ_ERR_PLUGIN_DEFER to leave it to others, or an error.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_acl_check(
    void *user_data, const char *clientid, const char *username, const char *topic, int access);
#elif MOSQUITTO_AUTH_INTERFACE == 3
mosq_plugin_EXPORT int mosquitto_auth_acl_check(
    void *user_data,
    int access,
    const struct mosquitto *client,
    const struct mosquitto_acl_msg *msg);
#else
mosq_plugin_EXPORT int mosquitto_auth_acl_check(
    void *user_data, int access, struct mosquitto *client, const struct mosquitto_acl_msg *msg);
#endif

/* Decides whether user name and password (each may be NULL) are right. Optional in version 4.
   Returns 0, MOSQ_ERR_AUTH, MOSQ_ERR_PLUGIN_DEFER, or an error.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_unpwd_check(
    void *user_data, const char *username, const char *password);
#elif MOSQUITTO_AUTH_INTERFACE == 3
mosq_plugin_EXPORT int mosquitto_auth_unpwd_check(
    void *user_data,
    const struct mosquitto *client,
    const char *username,
    const char *password);
#else
mosq_plugin_EXPORT int mosquitto_auth_unpwd_check(
    void *user_data, struct mosquitto *client, const char *username, const char *password);
#endif

/* Writes the pre-shared key of a TLS identity to key: at most max_key_len bytes, hexadecimal
   digits and a NUL byte. Optional in version 4. Returns 0, MOSQ_ERR_PLUGIN_DEFER, or an error.
   [main] */
#if MOSQUITTO_AUTH_INTERFACE == 2
mosq_plugin_EXPORT int mosquitto_auth_psk_key_get(
    void *user_data, const char *hint, const char *identity, char *key, int max_key_len);
#elif MOSQUITTO_AUTH_INTERFACE == 3
mosq_plugin_EXPORT int mosquitto_auth_psk_key_get(
    void *user_data,
    const struct mosquitto *client,
    const char *hint,
    const char *identity,
    char *key,
    int max_key_len);
#else
mosq_plugin_EXPORT int mosquitto_auth_psk_key_get(
    void *user_data,
    struct mosquitto *client,
    const char *hint,
    const char *identity,
    char *key,
    int max_key_len);
#endif

#if MOSQUITTO_AUTH_INTERFACE >= 4
/* Begins an extended authentication with data_in_len bytes at data_in. *data_out may be set to
   memory from the malloc family, which then belongs to the broker, and *data_out_len to its size.
   Optional, with mosquitto_auth_continue(). Returns 0, MOSQ_ERR_AUTH_CONTINUE, MOSQ_ERR_AUTH,
   MOSQ_ERR_PLUGIN_DEFER for a method that is not the plugin's, or an error.
   [main] */
mosq_plugin_EXPORT int mosquitto_auth_start(
    void *user_data,
    struct mosquitto *client,
    const char *method,
    bool reauth,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len);

/* Continues an extended authentication; all as for mosquitto_auth_start().
   [main] */
mosq_plugin_EXPORT int mosquitto_auth_continue(
    void *user_data,
    struct mosquitto *client,
    const char *method,
    const void *data_in,
    uint16_t data_in_len,
    void **data_out,
    uint16_t *data_out_len);
#endif

#ifdef __cplusplus
}
#endif

/* Who includes this header alone has events and functions of the broker as well. It comes last: the
   headers below need what is declared above. */
#include "broker.h"

#endif
