/* SPDX-License-Identifier: Apache-2.0 */
/* What this broker offers beyond the original. Absent there: look it up with dlsym(). */
#ifndef MOSQUITTO_BROKER_EXTENSIONS_H
#define MOSQUITTO_BROKER_EXTENSIONS_H

#include "broker_plugin.h"
#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Answers a step of extended authentication which a callback for MOSQ_EVT_EXT_AUTH_START or
   _CONTINUE left open with MOSQ_ERR_AUTH_DELAYED. result is what that callback would have
   returned: MOSQ_ERR_SUCCESS, MOSQ_ERR_AUTH_CONTINUE for a further step, or a refusal.
   data_out_len bytes at data_out go to the client as authentication data. The memory, from
   malloc() or mosquitto_malloc(), becomes the broker's, which frees it in any case; clientid is
   copied. Without effect when no such client is waiting.

   A plugin that shall also load into a broker without this function finds it with
   dlsym(RTLD_DEFAULT, "mosquitto_complete_extended_auth") and answers at once if it is NULL. The
   original is going to have it after 2.1, for callbacks only: finding it does not tell whether
   other threads may call, finding mosquitto_client_tls_exporter() does.
   [any thread] */
mosq_EXPORT void mosquitto_complete_extended_auth(
    const char *clientid, int result, void *data_out, uint16_t data_out_len);

/* The authentication that a callback for MOSQ_EVT_BASIC_AUTH, MOSQ_EVT_EXT_AUTH_START or _CONTINUE
   has been called for: a number that is never used twice, 0 outside of such a callback. Client
   identifiers are what anybody claims: while the broker must take mosquitto_complete_basic_auth()
   for an answer, it asks about one connection of an identifier at a time, and lets others wait. A
   plugin that takes the ticket and answers by it is asked about all of them at once. Who has done
   so once must always do so.
   [during a callback] */
mosq_EXPORT uint64_t mosquitto_client_auth_ticket(const struct mosquitto *client);

/* Whether anybody still waits for the answer to a ticket. False when the client has left or its
   time is up: expensive work for it can be left undone.
   [any thread] */
mosq_EXPORT bool mosquitto_auth_is_awaited(uint64_t ticket);

/* Answers what a callback left open with MOSQ_ERR_AUTH_DELAYED after taking the ticket. result is
   what the callback would have returned; MOSQ_ERR_PLUGIN_DEFER and MOSQ_ERR_PLUGIN_IGNORE leave it
   to the other plugins. data_out, NULL for basic authentication, as for
   mosquitto_complete_extended_auth(). Without effect when nobody waits.
   [any thread] */
mosq_EXPORT void mosquitto_complete_auth(
    uint64_t ticket, int result, void *data_out, uint16_t data_out_len);

/* The channel binding "tls-exporter" of a client's connection (RFC 9266): 32 bytes that only its two
   ends know, which are copied to binding. Kept for clients that connect with an authentication
   method over TLS 1.3. Returns 0, MOSQ_ERR_INVAL for NULL, or MOSQ_ERR_NOT_FOUND without such a
   connection, behind a proxy that ends TLS for example. To be looked up with dlsym() like the
   function above, or declared weak. Where it exists, all of the broker's functions marked so may be
   called from any thread.
   [any thread] */
mosq_EXPORT int mosquitto_client_tls_exporter(
    const struct mosquitto *client, unsigned char binding[32]);

/* Says why a plugin refuses what it has been asked about, for the log and for administrators: no client
   ever sees it. identifier is the one mosquitto_plugin_init() was given. reason is a few words
   without a full stop, such as "unknown user" or the rule that matched, UTF-8, copied; longer ones
   are cut after 255 bytes. To be called just before the plugin refuses, or leaves a login or access to
   others, on the thread on which it does so: before a callback for MOSQ_EVT_ACL_CHECK,
   MOSQ_EVT_BASIC_AUTH, MOSQ_EVT_EXT_AUTH_START, _CONTINUE or MOSQ_EVT_MESSAGE_IN returns, or before
   mosquitto_complete_auth() and its like. Without effect for NULL. The original does not have it: look
   it up with dlsym().
   [any thread] */
mosq_EXPORT void mosquitto_access_reason_set(
    const mosquitto_plugin_id_t *identifier, const char *reason);

/* Whether anybody would read a reason for refusing access (MOSQ_ACL_READ, ...): what takes work to
   find out can be left undone otherwise. False for MOSQ_ACL_READ, which is refused too often to be
   told, and while lines of type notice are off. Cheap. To be looked up with dlsym() as well.
   [any thread] */
mosq_EXPORT bool mosquitto_access_reason_wanted(int access);

/* What mosquitto_plugin_thread_safe() returns, added up. */
enum mosquitto_plugin_thread_safety {
    /* Callbacks may be called on any broker thread, several at a time. One that is unregistered
       may still be called for a moment, by threads that have not noticed yet. */
    MOSQ_PLUGIN_THREAD_SAFE = 1,
    /* What it answers to MOSQ_EVT_ACL_CHECK depends on client and topic alone. It then gets no
       payload and no properties, and one answer counts for several messages in a row. */
    MOSQ_PLUGIN_ACL_BY_TOPIC = 2,
    /* Its callback for MOSQ_EVT_BASIC_AUTH is also called, without a password, for clients that have
       proven who they are in another way: by certificate or pre-shared key, by enhanced
       authentication, or to a plugin that is asked before it. MOSQ_ERR_SUCCESS, _PLUGIN_DEFER and
       _PLUGIN_IGNORE let them in, anything else refuses them. It answers at once. */
    MOSQ_PLUGIN_AUTH_CONFIRMS = 4
};

/* An entry point a plugin may export. It returns a sum of enum mosquitto_plugin_thread_safety;
   without it, or with 0, callbacks are called on one thread, one after the other. Initialisation
   and cleanup are always alone. When plugins of both kinds ask for one event, all of them are
   called on that one thread, so that the order of the configuration holds. The original broker
   never looks for it. Called once, before mosquitto_plugin_init().
   [main] */
mosq_plugin_EXPORT int mosquitto_plugin_thread_safe(void);

/* An entry point a plugin may export. It returns the names of the options the plugin knows, without
   "plugin_opt_", as an array that a NULL ends; the broker then refuses every other one, with its
   line. Without it, or with NULL, all are the plugin's business. Case does not count. The array and
   its strings belong to the plugin and stay for the life of the process. The original broker never
   looks for it. Called before mosquitto_plugin_init(), and by `mosquitto --test-config`.
   [main] */
mosq_plugin_EXPORT const char *const *mosquitto_plugin_option_names(void);

/* Takes one finding about options. option is the name of the one it is about, without "plugin_opt_",
   or NULL. result is what mosquitto_plugin_init() would return because of it, and so the exit status;
   MOSQ_ERR_SUCCESS makes it a warning. All strings are copied.
   [during a callback] */
typedef void (*MOSQ_FUNC_plugin_finding)(
    void *userdata, int result, const char *option, const char *text);

/* An entry point a plugin may export. It looks at options and at the files they name, and calls find
   with userdata for each thing that is wrong. It changes nothing and leaves nothing behind: no
   thread, no file, no connection. Only `mosquitto --test-config` calls it, and calls
   mosquitto_plugin_init() never; functions of the broker do nothing meanwhile. options belong to the
   broker and are valid until it returns.
   [main] */
mosq_plugin_EXPORT void mosquitto_plugin_check_options(
    const struct mosquitto_opt *options, int option_count, MOSQ_FUNC_plugin_finding find,
    void *userdata);

#ifdef __cplusplus
}
#endif

#endif
