/* SPDX-License-Identifier: Apache-2.0 */
/* TLS: certificates, pre-shared keys, verification. */
#ifndef MOSQUITTO_LIBMOSQUITTO_TLS_H
#define MOSQUITTO_LIBMOSQUITTO_TLS_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All of these are for the next connection. They return 0, MOSQ_ERR_INVAL or MOSQ_ERR_NOMEM. */

/* Switches TLS on. cafile is a file with the authorities that are trusted, capath a folder of them
   prepared with c_rehash; one of the two is needed. certfile and keyfile, both or none, are the
   client's certificate chain and key, in PEM form. pw_callback, or NULL, stores the password of an
   encrypted key in size bytes at buf and returns its length; userdata is the handle.
   MOSQ_ERR_INVAL also means that a file cannot be read; contents are read when connecting.
   [any thread] */
libmosq_EXPORT int mosquitto_tls_set(
    struct mosquitto *mosq,
    const char *cafile,
    const char *capath,
    const char *certfile,
    const char *keyfile,
    int (*pw_callback)(char *buf, int size, int rwflag, void *userdata));

/* With value, the name in the server's certificate is not compared with the host's: only for tests.
   [any thread] */
libmosq_EXPORT int mosquitto_tls_insecure_set(struct mosquitto *mosq, bool value);

/* Sets whether the server's certificate is verified (cert_reqs 1, the default) or not (0), the
   lowest version, "tlsv1.2" (the default, also for NULL) or "tlsv1.3", and the ciphers as OpenSSL
   names them, NULL for OpenSSL's own choice. With "tlsv1.3" they are cipher suites.
   [any thread] */
libmosq_EXPORT int mosquitto_tls_opts_set(
    struct mosquitto *mosq, int cert_reqs, const char *tls_version, const char *ciphers);

/* Has TLS use a key that server and client share, in place of certificates: psk is the key in
   hexadecimal digits, identity the name it has with the server. ciphers may be NULL.
   [any thread] */
libmosq_EXPORT int mosquitto_tls_psk_set(
    struct mosquitto *mosq, const char *psk, const char *identity, const char *ciphers);

/* Returns the SSL object of OpenSSL of an open TLS connection, else NULL. It belongs to the library
   and is valid until the connection ends.
   [any thread] */
libmosq_EXPORT void *mosquitto_ssl_get(struct mosquitto *mosq);

#ifdef __cplusplus
}
#endif

#endif
