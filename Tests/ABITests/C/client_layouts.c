/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and offsets of every struct a program of the client library is compiled with (LP64). */
#include <stddef.h>

#include <mosquitto.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#define AT(type, field, bytes) _Static_assert(offsetof(type, field) == (bytes), #type "." #field)

SIZE(struct mosquitto_message, 40);
AT(struct mosquitto_message, mid, 0);
AT(struct mosquitto_message, topic, 8);
AT(struct mosquitto_message, payload, 16);
AT(struct mosquitto_message, payloadlen, 24);
AT(struct mosquitto_message, qos, 28);
AT(struct mosquitto_message, retain, 32);
SIZE(struct libmosquitto_will, 32);
AT(struct libmosquitto_will, topic, 0);
AT(struct libmosquitto_will, payload, 8);
AT(struct libmosquitto_will, payloadlen, 16);
AT(struct libmosquitto_will, qos, 20);
AT(struct libmosquitto_will, retain, 24);
SIZE(struct libmosquitto_auth, 16);
AT(struct libmosquitto_auth, username, 0);
AT(struct libmosquitto_auth, password, 8);
SIZE(struct libmosquitto_tls, 64);
AT(struct libmosquitto_tls, cafile, 0);
AT(struct libmosquitto_tls, capath, 8);
AT(struct libmosquitto_tls, certfile, 16);
AT(struct libmosquitto_tls, keyfile, 24);
AT(struct libmosquitto_tls, ciphers, 32);
AT(struct libmosquitto_tls, tls_version, 40);
AT(struct libmosquitto_tls, pw_callback, 48);
AT(struct libmosquitto_tls, cert_reqs, 56);
SIZE(enum mosq_opt_t, 4);

#if LIBMOSQUITTO_VERSION_NUMBER >= 2001000
SIZE(struct mosquitto_message_v5, 32);
AT(struct mosquitto_message_v5, payload, 0);
AT(struct mosquitto_message_v5, topic, 8);
AT(struct mosquitto_message_v5, properties, 16);
AT(struct mosquitto_message_v5, payloadlen, 24);
AT(struct mosquitto_message_v5, qos, 28);
AT(struct mosquitto_message_v5, retain, 29);
_Static_assert(MOSQ_OPT_DISABLE_SOCKETPAIR == 14, "");
_Static_assert(MOSQ_OPT_TRANSPORT == 15, "");
_Static_assert(MOSQ_OPT_HTTP_PATH == 16, "");
_Static_assert(MOSQ_OPT_HTTP_HEADER_SIZE == 17, "");
#endif
