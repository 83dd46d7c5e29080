/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client of the library is: user name and password, extended authentication. */
#ifndef MOSQUITTO_LIBMOSQUITTO_AUTH_H
#define MOSQUITTO_LIBMOSQUITTO_AUTH_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets what the next CONNECT packets carry; both NULL: nothing. Also allowed in the pre_connect
   callback. A password without a user name needs MQTT 5.0. A user name has at most 65535 bytes.
   Returns 0, MOSQ_ERR_INVAL (settings unchanged) or MOSQ_ERR_MALFORMED_UTF8.
   [any thread] */
libmosq_EXPORT int mosquitto_username_pw_set(
    struct mosquitto *mosq, const char *username, const char *password);

/* Answers a step of extended authentication with an AUTH packet (reason code 0x18), usually in
   the ext_auth callback. auth_data has auth_data_len bytes and is NULL when that is 0; properties
   are further ones. All of them are copied.
   Returns 0, MOSQ_ERR_NO_CONN, MOSQ_ERR_OVERSIZE_PACKET, or MOSQ_ERR_PROTOCOL when the handle does
   not speak MQTT 5.0 or mosq or auth_method is NULL.
   [any thread] */
libmosq_EXPORT int mosquitto_ext_auth_continue(
    struct mosquitto *mosq,
    const char *auth_method,
    uint16_t auth_data_len,
    const void *auth_data,
    const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
