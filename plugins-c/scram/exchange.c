/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and answering the two client messages. */
#define _POSIX_C_SOURCE 200809L
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepare.h"

/* The server's half of the nonce, before Base64. */
enum { SERVER_NONCE_SIZE = 24 };

static const char invalid_encoding[] = "invalid-encoding";
static const char extensions_not_supported[] = "extensions-not-supported";
static const char other_error[] = "other-error";
static const char no_resources[] = "no-resources";
static const char invalid_proof[] = "invalid-proof";

/* A part of a message. */
struct text {
    const char *start;
    size_t length;
};

/* Takes the text up to the next comma, or to the end, off the front of `rest`; a comma is taken
   along. Returns false when there is nothing left. */
static bool take(struct text *rest, struct text *part, bool *has_comma)
{
    const char *comma = memchr(rest->start, ',', rest->length);
    size_t length = comma != NULL ? (size_t)(comma - rest->start) : rest->length;

    part->start = rest->start;
    part->length = length;
    if (has_comma != NULL) {
        *has_comma = comma != NULL;
    }
    if (comma == NULL && length == 0) {
        return false;
    }
    rest->start += length + (comma != NULL);
    rest->length -= length + (comma != NULL);
    return true;
}

/* Takes "x=value" and leaves the value in `part`. */
static bool take_attribute(struct text *rest, char name, struct text *part)
{
    if (!take(rest, part, NULL) || part->length < 2 || part->start[0] != name
        || part->start[1] != '=') {
        return false;
    }
    part->start += 2;
    part->length -= 2;
    return true;
}

/* Whether all that is left is optional extensions, "x=value" with a letter in front. "m" stands for
   one that must be understood, and none is. Returns NULL or an error. */
static const char *check_extensions(struct text rest)
{
    struct text part;

    while (rest.length > 0) {
        if (!take(&rest, &part, NULL) || part.length < 3 || part.start[1] != '='
            || !((part.start[0] >= 'a' && part.start[0] <= 'z')
                 || (part.start[0] >= 'A' && part.start[0] <= 'Z'))) {
            return invalid_encoding;
        }
        if (part.start[0] == 'm') {
            return extensions_not_supported;
        }
    }
    return NULL;
}

/* Undoes "=2C" and "=3D" and prepares the name. Returns NULL or an error. */
static const char *decode_name(const struct text *part, char **name)
{
    char plain[USERNAME_MAX + 1];
    size_t length = 0;
    size_t i;

    for (i = 0; i < part->length; i++) {
        char character = part->start[i];

        if (length == USERNAME_MAX) {
            return "invalid-username-encoding";
        }
        if (character == '=') {
            if (part->length - i >= 3 && memcmp(part->start + i, "=2C", 3) == 0) {
                character = ',';
            } else if (part->length - i >= 3 && memcmp(part->start + i, "=3D", 3) == 0) {
                character = '=';
            } else {
                return "invalid-username-encoding";
            }
            i += 2;
        }
        plain[length++] = character;
    }
    *name = malloc(USERNAME_MAX + 1);
    if (*name == NULL) {
        return no_resources;
    }
    return prepare(plain, length, PREPARE_QUERY, *name, USERNAME_MAX + 1)
        ? NULL : "invalid-username-encoding";
}

/* Whether a nonce consists of printable characters other than the comma. */
static bool is_nonce(const struct text *part)
{
    size_t i;

    for (i = 0; i < part->length; i++) {
        if (part->start[i] < 0x21 || part->start[i] > 0x7E) {
            return false;
        }
    }
    return part->length > 0 && part->length <= NONCE_MAX;
}

/* Finds the binding that a flag asks for. Returns false when it is not offered. */
static bool find_binding(
    const struct text *flag, const struct exchange_settings *settings,
    const unsigned char **binding, size_t *size)
{
    static const char end_point[] = "p=tls-server-end-point";
    static const char exporter[] = "p=tls-exporter";

    *binding = NULL;
    *size = 0;
    if (flag->length == strlen(end_point) && memcmp(flag->start, end_point, flag->length) == 0) {
        *binding = settings->binding;
        *size = settings->binding_size;
    } else if (
        flag->length == strlen(exporter) && memcmp(flag->start, exporter, flag->length) == 0) {
        *binding = settings->exporter;
        *size = settings->exporter_size;
    }
    return *size > 0;
}

/* Judges the first letter of the gs2 header. Returns NULL or an error. */
static const char *check_binding_flag(
    const struct text *flag, const struct exchange_settings *settings, bool requires_binding)
{
    bool is_available = settings->binding_size > 0 || settings->exporter_size > 0;
    const unsigned char *binding;
    size_t size;

    if (flag->length == 1 && flag->start[0] == 'n') {
        return requires_binding ? other_error : NULL;
    }
    if (flag->length == 1 && flag->start[0] == 'y') {
        /* The client could bind and believes that we cannot: somebody may have told it so. */
        return is_available || requires_binding ? "server-does-support-channel-binding" : NULL;
    }
    if (flag->length < 3 || memcmp(flag->start, "p=", 2) != 0) {
        return invalid_encoding;
    }
    if (!is_available) {
        return "channel-binding-not-supported";
    }
    return find_binding(flag, settings, &binding, &size) ? NULL : "unsupported-channel-binding-type";
}

/* Reads the gs2 header, which ends up in front of `rest`, and keeps what "c=" must repeat. */
static const char *read_header(
    struct exchange *exchange,
    const struct exchange_settings *settings,
    bool requires_binding,
    struct text *rest,
    struct text *identity)
{
    const char *start = rest->start;
    struct text flag;
    bool has_comma;
    const char *failure;
    const unsigned char *binding;
    size_t binding_size;
    size_t size;

    if (!take(rest, &flag, &has_comma) || !has_comma) {
        return invalid_encoding;
    }
    failure = check_binding_flag(&flag, settings, requires_binding);
    if (failure != NULL) {
        return failure;
    }
    if (!take(rest, identity, &has_comma) || !has_comma
        || (identity->length > 0
            && (identity->length < 3 || memcmp(identity->start, "a=", 2) != 0))) {
        return invalid_encoding;
    }
    size = (size_t)(rest->start - start);
    find_binding(&flag, settings, &binding, &binding_size);
    exchange->binding_input = malloc(size + binding_size);
    if (exchange->binding_input == NULL) {
        return no_resources;
    }
    memcpy(exchange->binding_input, start, size);
    if (binding_size > 0) {
        memcpy(exchange->binding_input + size, binding, binding_size);
        size += binding_size;
    }
    exchange->binding_input_size = size;
    return NULL;
}

/* Whether the client asks to act as somebody else than it proves to be. */
static bool is_impostor(const struct exchange *exchange, const struct text *identity)
{
    struct text name = {identity->start + 2, identity->length - 2};
    char *other = NULL;
    bool differs;

    if (identity->length == 0) {
        return false;
    }
    differs = decode_name(&name, &other) != NULL || strcmp(other, exchange->username) != 0;
    free(other);
    return differs;
}

/* Finds or makes up the verifier. */
static const char *choose_verifier(
    struct exchange *exchange,
    const struct exchange_settings *settings,
    const struct mechanism *mechanism)
{
    const struct verifier *found =
        find_verifier(settings->credentials, exchange->username, mechanism);
    struct verifier made_up;

    /* Made up in any case, so that known and unknown users take the same time. */
    if (!make_up_verifier(
            settings->credentials, exchange->username, mechanism, settings->default_iterations,
            &made_up)) {
        return other_error;
    }
    exchange->is_known_user = found != NULL;
    exchange->verifier = found != NULL ? *found : made_up;
    return NULL;
}

/* Writes the server's first message and keeps what the proof will be computed over. */
static const char *answer_first(
    struct exchange *exchange, const struct text *bare, const struct text *nonce, char **reply)
{
    unsigned char random[SERVER_NONCE_SIZE];
    char own_nonce[BASE64_SIZE(SERVER_NONCE_SIZE)];
    char salt[BASE64_SIZE(SALT_MAX)];
    size_t nonce_size = nonce->length + sizeof(own_nonce);
    size_t reply_size = nonce_size + sizeof(salt) + 32;
    size_t both_size = bare->length + reply_size + 1;

    if (!random_bytes(random, sizeof(random))) {
        return other_error;
    }
    base64_encode(random, sizeof(random), own_nonce);
    base64_encode(exchange->verifier.salt, exchange->verifier.salt_size, salt);
    exchange->nonce = malloc(nonce_size);
    exchange->first_messages = malloc(both_size);
    *reply = malloc(reply_size);
    if (exchange->nonce == NULL || exchange->first_messages == NULL || *reply == NULL) {
        free(*reply);
        *reply = NULL;
        return no_resources;
    }
    snprintf(
        exchange->nonce, nonce_size, "%.*s%s", (int)nonce->length, nonce->start, own_nonce);
    snprintf(
        *reply, reply_size, "r=%s,s=%s,i=%d", exchange->nonce, salt,
        exchange->verifier.iterations);
    snprintf(
        exchange->first_messages, both_size, "%.*s,%s", (int)bare->length, bare->start, *reply);
    return NULL;
}

const char *begin_exchange(
    struct exchange *exchange,
    const struct exchange_settings *settings,
    const struct mechanism *mechanism,
    bool requires_binding,
    const char *message,
    size_t length,
    char **reply)
{
    struct text rest = {message, length};
    struct text identity;
    struct text name;
    struct text nonce;
    struct text bare;
    const char *failure;

    memset(exchange, 0, sizeof(*exchange));
    *reply = NULL;
    if (message == NULL || length == 0 || length > MESSAGE_MAX
        || memchr(message, '\0', length) != NULL || message[length - 1] == ',') {
        return invalid_encoding;
    }
    failure = read_header(exchange, settings, requires_binding, &rest, &identity);
    if (failure != NULL) {
        return failure;
    }
    bare = rest;
    if (rest.length >= 2 && memcmp(rest.start, "m=", 2) == 0) {
        return extensions_not_supported;
    }
    if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce)
        || !is_nonce(&nonce)) {
        return invalid_encoding;
    }
    failure = check_extensions(rest);
    if (failure == NULL) {
        failure = decode_name(&name, &exchange->username);
    }
    if (failure != NULL) {
        return failure;
    }
    if (is_impostor(exchange, &identity)) {
        return other_error;
    }
    failure = choose_verifier(exchange, settings, mechanism);
    return failure != NULL ? failure : answer_first(exchange, &bare, &nonce, reply);
}

/* Checks "c=": the header of the first message and the binding, both unchanged. */
static const char *check_binding(const struct exchange *exchange, const struct text *part)
{
    unsigned char input[MESSAGE_MAX];
    long size = base64_decode(part->start, part->length, input, sizeof(input));

    if (size < 0) {
        return invalid_encoding;
    }
    if ((size_t)size != exchange->binding_input_size
        || !is_equal(input, exchange->binding_input, (size_t)size)) {
        return "channel-bindings-dont-match";
    }
    return NULL;
}

/* Checks the proof over `message` and makes the server's signature (RFC 5802 section 3). */
static const char *check_proof(
    const struct exchange *exchange,
    const char *message,
    size_t length,
    const unsigned char *proof,
    unsigned char *server_signature)
{
    const struct verifier *verifier = &exchange->verifier;
    const struct mechanism *mechanism = verifier->mechanism;
    size_t size = mechanism->digest_size;
    unsigned char signature[DIGEST_MAX];
    unsigned char client_key[DIGEST_MAX];
    unsigned char stored_key[DIGEST_MAX];
    bool is_right = false;
    size_t i;

    if (hmac(mechanism, verifier->stored_key, size, message, length, signature)) {
        for (i = 0; i < size; i++) {
            client_key[i] = proof[i] ^ signature[i];
        }
        is_right = hash(mechanism, client_key, size, stored_key)
            && is_equal(stored_key, verifier->stored_key, size)
            && hmac(mechanism, verifier->server_key, size, message, length, server_signature);
    }
    wipe(client_key, sizeof(client_key));
    return is_right && exchange->is_known_user ? NULL : invalid_proof;
}

/* Joins the three messages that both sides sign. NULL when memory is short. */
static char *join_messages(const struct exchange *exchange, const struct text *without_proof)
{
    size_t size = strlen(exchange->first_messages) + without_proof->length + 2;
    char *message = malloc(size);

    if (message != NULL) {
        snprintf(
            message, size, "%s,%.*s", exchange->first_messages, (int)without_proof->length,
            without_proof->start);
    }
    return message;
}

/* Splits "...,p=proof" at its last comma. */
static bool split_proof(
    const char *message, size_t length, struct text *without_proof, struct text *proof)
{
    size_t i;

    for (i = length; i >= 4; i--) {
        if (message[i - 1] == ',') {
            break;
        }
    }
    if (i < 4 || length - i < 2 || memcmp(message + i, "p=", 2) != 0 || message[i - 2] == ',') {
        return false;
    }
    without_proof->start = message;
    without_proof->length = i - 1;
    proof->start = message + i + 2;
    proof->length = length - i - 2;
    return true;
}

const char *finish_exchange(
    struct exchange *exchange, const char *message, size_t length, char **reply)
{
    size_t size = exchange->verifier.mechanism->digest_size;
    struct text without_proof;
    struct text rest;
    struct text binding;
    struct text nonce;
    struct text proof_text;
    unsigned char proof[DIGEST_MAX];
    unsigned char signature[DIGEST_MAX];
    char *signed_messages;
    const char *failure;

    *reply = NULL;
    if (message == NULL || length == 0 || length > MESSAGE_MAX
        || memchr(message, '\0', length) != NULL
        || !split_proof(message, length, &without_proof, &proof_text)) {
        return invalid_encoding;
    }
    rest = without_proof;
    if (!take_attribute(&rest, 'c', &binding) || !take_attribute(&rest, 'r', &nonce)) {
        return invalid_encoding;
    }
    failure = check_extensions(rest);
    if (failure != NULL) {
        return failure;
    }
    if (base64_decode(proof_text.start, proof_text.length, proof, sizeof(proof)) != (long)size) {
        return invalid_encoding;
    }
    failure = check_binding(exchange, &binding);
    if (failure != NULL) {
        return failure;
    }
    if (nonce.length != strlen(exchange->nonce)
        || !is_equal(nonce.start, exchange->nonce, nonce.length)) {
        return other_error;
    }
    signed_messages = join_messages(exchange, &without_proof);
    *reply = malloc(2 + BASE64_SIZE(DIGEST_MAX));
    failure = signed_messages == NULL || *reply == NULL
        ? no_resources
        : check_proof(exchange, signed_messages, strlen(signed_messages), proof, signature);
    free(signed_messages);
    if (failure != NULL) {
        free(*reply);
        *reply = NULL;
        return failure;
    }
    memcpy(*reply, "v=", 2);
    base64_encode(signature, size, *reply + 2);
    return NULL;
}

void free_exchange(struct exchange *exchange)
{
    free(exchange->username);
    free(exchange->binding_input);
    free(exchange->first_messages);
    free(exchange->nonce);
    wipe(exchange, sizeof(*exchange));
}
