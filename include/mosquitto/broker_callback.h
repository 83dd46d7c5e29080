/* SPDX-License-Identifier: Apache-2.0 */
/* Asking for events and saying who asks. */
#ifndef MOSQUITTO_BROKER_CALLBACK_H
#define MOSQUITTO_BROKER_CALLBACK_H

#include "broker_event.h"
#include "broker_plugin.h"
#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A callback: the event number, a pointer to the event's struct, and the userdata it was
   registered with. Returns MOSQ_ERR_SUCCESS or what docs/plugin-events.md says for the event. */
typedef int (*MOSQ_FUNC_generic_callback)(int event, void *event_data, void *userdata);

/* Tells the broker the plugin's name and version, for its log and for listings. Both are copied;
   the version may be NULL. Call it first in mosquitto_plugin_init(). Returns 0, MOSQ_ERR_NOMEM,
   or MOSQ_ERR_INVAL when identifier or name is NULL. Not in 2.0.
   [main] */
mosq_EXPORT int mosquitto_plugin_set_info(
    mosquitto_plugin_id_t *identifier, const char *plugin_name, const char *plugin_version);

/* Asks for an event. Callbacks for one event run in the order of registration. event_data is the
   topic (a string, copied) for MOSQ_EVT_CONTROL and NULL for all others; userdata is passed to
   the callback and must stay valid until it is unregistered or the plugin's cleanup has ended.
   Returns 0; MOSQ_ERR_INVAL for a bad argument or when the plugin may not have the event;
   MOSQ_ERR_ALREADY_EXISTS when this function is registered for the event already or the topic is
   taken; MOSQ_ERR_NOT_SUPPORTED for an event number the broker does not know; MOSQ_ERR_NOMEM.
   [main] */
mosq_EXPORT int mosquitto_callback_register(
    mosquitto_plugin_id_t *identifier,
    int event,
    MOSQ_FUNC_generic_callback cb_func,
    const void *event_data,
    void *userdata);

/* Ends a registration made with the same identifier, event, function and (for control) topic. A
   callback may unregister itself. The broker ends what is left after the plugin's cleanup; 2.0
   does not, so a plugin for both does it in its cleanup. Returns 0, MOSQ_ERR_INVAL, or
   MOSQ_ERR_NOT_FOUND.
   [main] */
mosq_EXPORT int mosquitto_callback_unregister(
    mosquitto_plugin_id_t *identifier,
    int event,
    MOSQ_FUNC_generic_callback cb_func,
    const void *event_data);

#ifdef __cplusplus
}
#endif

#endif
