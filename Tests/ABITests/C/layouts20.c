/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and offsets of every struct a 2.0 plugin is compiled with (LP64). */
#include <stddef.h>

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define AT(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field)

SIZE(struct mosquitto_opt, 16);
AT(struct mosquitto_opt, key, 0);
AT(struct mosquitto_opt, value, 8);
SIZE(struct mosquitto_auth_opt, 16);
AT(struct mosquitto_auth_opt, key, 0);
AT(struct mosquitto_auth_opt, value, 8);
SIZE(struct mosquitto_acl_msg, 32);
AT(struct mosquitto_acl_msg, topic, 0);
AT(struct mosquitto_acl_msg, payload, 8);
AT(struct mosquitto_acl_msg, payloadlen, 16);
AT(struct mosquitto_acl_msg, qos, 24);
AT(struct mosquitto_acl_msg, retain, 28);
SIZE(struct mosquitto_evt_reload, 56);
AT(struct mosquitto_evt_reload, future, 0);
AT(struct mosquitto_evt_reload, options, 8);
AT(struct mosquitto_evt_reload, option_count, 16);
AT(struct mosquitto_evt_reload, future2, 24);
SIZE(struct mosquitto_evt_acl_check, 88);
AT(struct mosquitto_evt_acl_check, future, 0);
AT(struct mosquitto_evt_acl_check, client, 8);
AT(struct mosquitto_evt_acl_check, topic, 16);
AT(struct mosquitto_evt_acl_check, payload, 24);
AT(struct mosquitto_evt_acl_check, properties, 32);
AT(struct mosquitto_evt_acl_check, access, 40);
AT(struct mosquitto_evt_acl_check, payloadlen, 44);
AT(struct mosquitto_evt_acl_check, qos, 48);
AT(struct mosquitto_evt_acl_check, retain, 49);
AT(struct mosquitto_evt_acl_check, future2, 56);
SIZE(struct mosquitto_evt_basic_auth, 64);
AT(struct mosquitto_evt_basic_auth, future, 0);
AT(struct mosquitto_evt_basic_auth, client, 8);
AT(struct mosquitto_evt_basic_auth, username, 16);
AT(struct mosquitto_evt_basic_auth, password, 24);
AT(struct mosquitto_evt_basic_auth, future2, 32);
SIZE(struct mosquitto_evt_extended_auth, 72);
AT(struct mosquitto_evt_extended_auth, future, 0);
AT(struct mosquitto_evt_extended_auth, client, 8);
AT(struct mosquitto_evt_extended_auth, data_in, 16);
AT(struct mosquitto_evt_extended_auth, data_out, 24);
AT(struct mosquitto_evt_extended_auth, data_in_len, 32);
AT(struct mosquitto_evt_extended_auth, data_out_len, 34);
AT(struct mosquitto_evt_extended_auth, auth_method, 40);
AT(struct mosquitto_evt_extended_auth, future2, 48);
SIZE(struct mosquitto_evt_control, 88);
AT(struct mosquitto_evt_control, future, 0);
AT(struct mosquitto_evt_control, client, 8);
AT(struct mosquitto_evt_control, topic, 16);
AT(struct mosquitto_evt_control, payload, 24);
AT(struct mosquitto_evt_control, properties, 32);
AT(struct mosquitto_evt_control, reason_string, 40);
AT(struct mosquitto_evt_control, payloadlen, 48);
AT(struct mosquitto_evt_control, qos, 52);
AT(struct mosquitto_evt_control, reason_code, 53);
AT(struct mosquitto_evt_control, retain, 54);
AT(struct mosquitto_evt_control, future2, 56);
SIZE(struct mosquitto_evt_message, 88);
AT(struct mosquitto_evt_message, future, 0);
AT(struct mosquitto_evt_message, client, 8);
AT(struct mosquitto_evt_message, topic, 16);
AT(struct mosquitto_evt_message, payload, 24);
AT(struct mosquitto_evt_message, properties, 32);
AT(struct mosquitto_evt_message, reason_string, 40);
AT(struct mosquitto_evt_message, payloadlen, 48);
AT(struct mosquitto_evt_message, qos, 52);
AT(struct mosquitto_evt_message, reason_code, 53);
AT(struct mosquitto_evt_message, retain, 54);
AT(struct mosquitto_evt_message, future2, 56);
SIZE(struct mosquitto_evt_psk_key, 80);
AT(struct mosquitto_evt_psk_key, future, 0);
AT(struct mosquitto_evt_psk_key, client, 8);
AT(struct mosquitto_evt_psk_key, hint, 16);
AT(struct mosquitto_evt_psk_key, identity, 24);
AT(struct mosquitto_evt_psk_key, key, 32);
AT(struct mosquitto_evt_psk_key, max_key_len, 40);
AT(struct mosquitto_evt_psk_key, future2, 48);
SIZE(struct mosquitto_evt_tick, 72);
AT(struct mosquitto_evt_tick, future, 0);
AT(struct mosquitto_evt_tick, now_ns, 8);
AT(struct mosquitto_evt_tick, now_s, 24);
AT(struct mosquitto_evt_tick, next_s, 32);
AT(struct mosquitto_evt_tick, future2, 40);
SIZE(struct mosquitto_evt_disconnect, 56);
AT(struct mosquitto_evt_disconnect, future, 0);
AT(struct mosquitto_evt_disconnect, client, 8);
AT(struct mosquitto_evt_disconnect, reason, 16);
AT(struct mosquitto_evt_disconnect, future2, 24);
