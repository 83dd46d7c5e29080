/* SPDX-License-Identifier: Apache-2.0 */
/* The credential file: who may log in, by salted verifiers. docs/scram.md describes its format. */
#ifndef SCRAM_CREDENTIALS_H
#define SCRAM_CREDENTIALS_H

#include "crypto.h"

enum {
    SALT_MAX = 64,
    SALT_SIZE = 16,
    SECRET_SIZE = 32,
    ITERATIONS_DEFAULT = 15000,
    ITERATIONS_MIN = 4096,
    ITERATIONS_MAX = 10000000,
    USERNAME_MAX = 1024
};

/* What the server keeps of one password. */
struct verifier {
    const struct mechanism *mechanism;
    int iterations;
    size_t salt_size;
    unsigned char salt[SALT_MAX];
    unsigned char stored_key[DIGEST_MAX];
    unsigned char server_key[DIGEST_MAX];
};

/* One line of the file. */
struct credential {
    char *username;
    struct verifier verifier;
};

/* What a verifier shows of itself. */
struct shape {
    int iterations;
    size_t salt_size;
};

/* A whole file. */
struct credentials {
    struct credential *items;
    size_t count;
    /* What most verifiers of a mechanism look like, in the order of `mechanisms`. */
    struct shape usual[MECHANISM_COUNT];
    /* Makes up salts for users that do not exist. */
    bool has_secret;
    unsigned char secret[SECRET_SIZE];
};

/* A reason, with the number of the line if there is one. */
struct credential_error {
    const char *text;
    int line;
};

/* Reads a file. `previous`, if not NULL, lends its secret to a file without one. On success the caller
   owns *credentials and frees its contents with free_credentials(); otherwise *error tells why. */
bool read_credentials(
    const char *path,
    const struct credentials *previous,
    struct credentials *credentials,
    struct credential_error *error);

void free_credentials(struct credentials *credentials);

/* Finds a user's verifier for a mechanism, NULL when there is none; borrowed from credentials. */
const struct verifier *find_verifier(
    const struct credentials *credentials,
    const char *username,
    const struct mechanism *mechanism);

/* Makes up a verifier for a user that does not exist: always the same salt for the same name, and
   not to be told from a real one; no password fits it. iterations 0 means the usual count. */
bool make_up_verifier(
    const struct credentials *credentials,
    const char *username,
    const struct mechanism *mechanism,
    int iterations,
    struct verifier *verifier);

/* Reads one line, `length` bytes without its newline, into a credential, whose username the caller
   frees. Returns NULL, or why it is refused. */
const char *parse_credential(const char *line, size_t length, struct credential *credential);

/* Writes a line without a newline; `out` has CREDENTIAL_LINE_MAX bytes. */
void print_credential(const struct credential *credential, char *out);
enum { CREDENTIAL_LINE_MAX = USERNAME_MAX + 512 };

/* What stands in front of the secret, on a line that is a comment to everybody else. */
#define SECRET_PREFIX "#secret:"

#endif
