/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting through a SOCKS5 proxy. */
#ifndef MOSQUITTO_LIBMOSQUITTO_SOCKS_H
#define MOSQUITTO_LIBMOSQUITTO_SOCKS_H

#include "libmosquitto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Has all further connections made through the proxy at host and port (1 to 65535), which resolves
   the server's name. username and password, at most 255 bytes each, are for the proxy, or NULL.
   Returns 0 or MOSQ_ERR_INVAL.
   [any thread] */
libmosq_EXPORT int mosquitto_socks5_set(
    struct mosquitto *mosq,
    const char *host,
    int port,
    const char *username,
    const char *password);

#ifdef __cplusplus
}
#endif

#endif
