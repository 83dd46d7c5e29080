/* SPDX-License-Identifier: Apache-2.0 */
/* The server's side of one SCRAM exchange (RFC 5802 section 5): messages in, messages out. */
#ifndef SCRAM_EXCHANGE_H
#define SCRAM_EXCHANGE_H

#include "credentials.h"

/* Bounds of what a peer may send, in bytes. */
enum { MESSAGE_MAX = 8192, NONCE_MAX = 1024 };

/* The size of a tls-exporter binding (RFC 9266). */
enum { EXPORTER_SIZE = 32 };

/* What an exchange goes by: the same for all, but for the exporter. */
struct exchange_settings {
    const struct credentials *credentials;
    /* Shown to users that do not exist; 0 for what is usual in the file. */
    int default_iterations;
    /* The tls-server-end-point binding; no size means that it is not available. */
    size_t binding_size;
    unsigned char binding[DIGEST_MAX];
    /* The tls-exporter binding of the connection, the same. */
    size_t exporter_size;
    unsigned char exporter[EXPORTER_SIZE];
};

/* One exchange between its two steps. */
struct exchange {
    struct verifier verifier;
    bool is_known_user;
    char *username;
    /* "gs2-header" and the binding that "c=" must repeat. */
    unsigned char *binding_input;
    size_t binding_input_size;
    /* client-first-message-bare "," server-first-message, as the signature needs them. */
    char *first_messages;
    /* Both nonces. */
    char *nonce;
};

/* Reads the client's first message. requires_binding: the client chose a "-PLUS" mechanism. On
   success *reply is the server's first message (malloc, the caller's). Returns NULL or the
   server-error-value of RFC 5802 section 7. Whatever the result, free_exchange() follows. */
const char *begin_exchange(
    struct exchange *exchange,
    const struct exchange_settings *settings,
    const struct mechanism *mechanism,
    bool requires_binding,
    const char *message,
    size_t length,
    char **reply);

/* Reads the client's final message. On success *reply is the server's final message (malloc, the
   caller's) and exchange->username the authenticated user. Returns as begin_exchange(). */
const char *finish_exchange(
    struct exchange *exchange, const char *message, size_t length, char **reply);

/* Frees and wipes what an exchange holds, not the struct. */
void free_exchange(struct exchange *exchange);

#endif
