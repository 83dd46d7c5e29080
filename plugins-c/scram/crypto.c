/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, keys, bindings and Base64, by OpenSSL. */
#include "crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <string.h>

const struct mechanism mechanisms[MECHANISM_COUNT + 1] = {
    {"SCRAM-SHA-256", "SHA256", 32},
    {"SCRAM-SHA-512", "SHA512", 64},
    {NULL, NULL, 0},
};

const struct mechanism *find_mechanism(const char *name, size_t length)
{
    const struct mechanism *mechanism;

    for (mechanism = mechanisms; mechanism->name != NULL; mechanism++) {
        if (strlen(mechanism->name) == length && memcmp(mechanism->name, name, length) == 0) {
            return mechanism;
        }
    }
    return NULL;
}

static const EVP_MD *digest_of(const struct mechanism *mechanism)
{
    return EVP_get_digestbyname(mechanism->digest);
}

bool hash(const struct mechanism *mechanism, const void *data, size_t size, unsigned char *out)
{
    return EVP_Digest(data, size, out, NULL, digest_of(mechanism), NULL) == 1;
}

bool hmac(
    const struct mechanism *mechanism,
    const void *key,
    size_t key_size,
    const void *data,
    size_t size,
    unsigned char *out)
{
    return HMAC(digest_of(mechanism), key, (int)key_size, data, size, out, NULL) != NULL;
}

bool derive_keys(
    const struct mechanism *mechanism,
    const char *password,
    const unsigned char *salt,
    size_t salt_size,
    int iterations,
    unsigned char *stored_key,
    unsigned char *server_key)
{
    unsigned char salted[DIGEST_MAX];
    unsigned char client_key[DIGEST_MAX];
    size_t size = mechanism->digest_size;
    bool is_done =
        PKCS5_PBKDF2_HMAC(
            password, (int)strlen(password), salt, (int)salt_size, iterations,
            digest_of(mechanism), (int)size, salted)
            == 1
        && hmac(mechanism, salted, size, "Client Key", 10, client_key)
        && hash(mechanism, client_key, size, stored_key)
        && hmac(mechanism, salted, size, "Server Key", 10, server_key);

    wipe(salted, sizeof(salted));
    wipe(client_key, sizeof(client_key));
    return is_done;
}

size_t end_point_binding(const char *path, unsigned char *out)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    int digest_id = NID_undef;
    unsigned int size = 0;

    if (file != NULL) {
        fclose(file);
    }
    if (certificate == NULL) {
        return 0;
    }
    /* The hash of the certificate's own signature, but never one weaker than SHA-256. Signatures
       without a hash of their own (Ed25519) are bound with SHA-256 too. */
    OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest_id, NULL);
    if (digest_id == NID_undef || digest_id == NID_md5 || digest_id == NID_sha1) {
        digest_id = NID_sha256;
    }
    if (EVP_get_digestbynid(digest_id) == NULL
        || X509_digest(certificate, EVP_get_digestbynid(digest_id), out, &size) != 1) {
        size = 0;
    }
    X509_free(certificate);
    return size;
}

size_t base64_encode(const void *data, size_t size, char *out)
{
    return (size_t)EVP_EncodeBlock((unsigned char *)out, data, (int)size);
}

static int sextet(char character)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = character != '\0' ? strchr(alphabet, character) : NULL;

    return found != NULL ? (int)(found - alphabet) : -1;
}

long base64_decode(const char *text, size_t length, unsigned char *out, size_t capacity)
{
    size_t size = 0;
    unsigned group = 0;
    int bits = 0;
    size_t i;
    size_t padding = 0;

    if (length % 4 != 0) {
        return -1;
    }
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    for (i = 0; i < length - padding; i++) {
        int value = sextet(text[i]);

        if (value < 0) {
            return -1;
        }
        group = group << 6 | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            if (size == capacity) {
                return -1;
            }
            out[size++] = (unsigned char)(group >> bits & 0xFF);
        }
    }
    /* Bits left over must be zero, or two texts would mean the same bytes. */
    return (group & ((1U << bits) - 1)) == 0 ? (long)size : -1;
}

bool random_bytes(void *out, size_t size)
{
    return RAND_bytes(out, (int)size) == 1;
}

bool is_equal(const void *left, const void *right, size_t size)
{
    return CRYPTO_memcmp(left, right, size) == 0;
}

void wipe(void *data, size_t size)
{
    OPENSSL_cleanse(data, size);
}
