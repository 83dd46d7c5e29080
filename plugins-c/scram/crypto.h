/* SPDX-License-Identifier: Apache-2.0 */
/* The two mechanisms and the cryptography they are made of (RFC 5802 section 2.2, RFC 7677). */
#ifndef SCRAM_CRYPTO_H
#define SCRAM_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

/* Greatest digest, that of SHA-512, in bytes. */
enum { DIGEST_MAX = 64 };

/* A mechanism: its name on the wire and in credential files, and its hash. */
struct mechanism {
    const char *name;
    const char *digest;
    size_t digest_size;
};

/* All mechanisms, then one without a name. */
enum { MECHANISM_COUNT = 2 };
extern const struct mechanism mechanisms[MECHANISM_COUNT + 1];

/* Finds the mechanism whose name is the `length` bytes at `name`; NULL when there is none. */
const struct mechanism *find_mechanism(const char *name, size_t length);

/* H(data). `out` has room for the digest. All of these return false when OpenSSL refuses. */
bool hash(const struct mechanism *mechanism, const void *data, size_t size, unsigned char *out);

/* HMAC(key, data). */
bool hmac(
    const struct mechanism *mechanism,
    const void *key,
    size_t key_size,
    const void *data,
    size_t size,
    unsigned char *out);

/* StoredKey and ServerKey of a password, by Hi(). */
bool derive_keys(
    const struct mechanism *mechanism,
    const char *password,
    const unsigned char *salt,
    size_t salt_size,
    int iterations,
    unsigned char *stored_key,
    unsigned char *server_key);

/* The tls-server-end-point binding of the certificate in a PEM file (RFC 5929 section 4). `out` has
   room for DIGEST_MAX bytes. Returns the size, 0 when the file holds no usable certificate. */
size_t end_point_binding(const char *path, unsigned char *out);

/* Writes Base64 of `size` bytes and a NUL byte; `out` has room for BASE64_SIZE(size) bytes.
   Returns the length of the text. */
size_t base64_encode(const void *data, size_t size, char *out);
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)

/* Reads Base64; `out` has room for `capacity` bytes. Returns the size, -1 for malformed text. */
long base64_decode(const char *text, size_t length, unsigned char *out, size_t capacity);

/* Random bytes fit for nonces and salts. */
bool random_bytes(void *out, size_t size);

/* Compares in a time that depends on the size alone. */
bool is_equal(const void *left, const void *right, size_t size);

/* Overwrites what must not stay in memory. */
void wipe(void *data, size_t size);

#endif
