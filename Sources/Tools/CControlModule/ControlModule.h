/* SPDX-License-Identifier: Apache-2.0 */
/* What mosquitto_ctrl and its external modules share: the layout of the 2.1 tool.
 *
 * A module for the command word NAME is a shared library mosquitto_ctrl_NAME.so with the function
 *
 *     int ctrl_main(int argc, char *argv[], struct mosq_ctrl *ctrl);
 *
 * argv[0] is the first word behind the module's name. The function fills in the topics, the payload
 * and the callback, and returns 0 to have the request made; a negative number ends the program with
 * status 0, any other number with that status. */
#ifndef CONTROL_MODULE_H
#define CONTROL_MODULE_H

#include <stdbool.h>

/* The options of the command line. Strings belong to the program; NULL when not given. */
struct mosq_config {
    char *id;
    int protocol_version; /* 3, 4 or 5 for MQTT 3.1, 3.1.1 and 5.0 */
    int keepalive;        /* seconds */
    char *host;
    int port; /* -1 when not given, 0 for a Unix domain socket */
    int qos;
    char *bind_address;
    bool debug;
    bool quiet;
    char *username;
    char *password;
    char *options_file;
    char *cafile;
    char *capath;
    char *certfile;
    char *keyfile;
    char *ciphers;
    bool insecure;
    char *tls_alpn;
    char *tls_version;
    char *tls_engine;
    char *tls_engine_kpass_sha1;
    bool tls_use_os_certs;
    char *keyform;
    char *psk;
    char *psk_identity;
    bool verbose;
    unsigned int timeout; /* seconds */
    char *socks5_host;
    int socks5_port;
    char *socks5_username;
    char *socks5_password;
    char *data_file;
    bool no_colour;
};

/* One request. The three strings are set by the module with malloc and freed by the program. */
struct mosq_ctrl {
    struct mosq_config cfg;
    char *request_topic;
    char *response_topic;
    char *payload;
    /* Called once with the first answer; the payload is valid during the call. */
    void (*payload_callback)(struct mosq_ctrl *ctrl, long payloadlen, const void *payload);
    void *userdata; /* the module's own */
};

#endif
