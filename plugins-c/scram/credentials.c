/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the credential file and finding users in it. */
#define _POSIX_C_SOURCE 200809L
#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prepare.h"

/* Takes the text up to `separator` (or to the end, for NUL) off the front of [*start, end). */
static bool take_field(
    const char **start, const char *end, char separator, const char **field, size_t *length)
{
    const char *stop = separator != '\0' ? memchr(*start, separator, (size_t)(end - *start)) : end;

    if (stop == NULL) {
        return false;
    }
    *field = *start;
    *length = (size_t)(stop - *start);
    *start = separator != '\0' ? stop + 1 : end;
    return true;
}

static bool parse_iterations(const char *text, size_t length, int *iterations)
{
    char copy[12];
    char *end;
    long number;

    if (length == 0 || length >= sizeof(copy) || strspn(text, "0123456789") < length) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    number = strtol(copy, &end, 10);
    if (*end != '\0' || number < 1 || number > ITERATIONS_MAX) {
        return false;
    }
    *iterations = (int)number;
    return true;
}

static bool parse_key(
    const char *text, size_t length, const struct mechanism *mechanism, unsigned char *key)
{
    return base64_decode(text, length, key, DIGEST_MAX) == (long)mechanism->digest_size;
}

/* Reads what stands behind the user name. */
static const char *parse_verifier(const char *start, const char *end, struct verifier *verifier)
{
    const char *field;
    size_t length;
    long salt_size;

    if (!take_field(&start, end, '$', &field, &length)
        || (verifier->mechanism = find_mechanism(field, length)) == NULL) {
        return "unknown mechanism";
    }
    if (!take_field(&start, end, ':', &field, &length)
        || !parse_iterations(field, length, &verifier->iterations)) {
        return "bad iteration count";
    }
    if (!take_field(&start, end, '$', &field, &length)
        || (salt_size = base64_decode(field, length, verifier->salt, SALT_MAX)) < 1) {
        return "bad salt";
    }
    verifier->salt_size = (size_t)salt_size;
    if (!take_field(&start, end, ':', &field, &length)
        || !parse_key(field, length, verifier->mechanism, verifier->stored_key)) {
        return "bad stored key";
    }
    if (!take_field(&start, end, '\0', &field, &length)
        || !parse_key(field, length, verifier->mechanism, verifier->server_key)) {
        return "bad server key";
    }
    return NULL;
}

const char *parse_credential(const char *line, size_t length, struct credential *credential)
{
    const char *mark = memchr(line, ':', length);
    char prepared[USERNAME_MAX + 1];
    const char *failure;

    memset(credential, 0, sizeof(*credential));
    if (mark == NULL) {
        return "no user name and mechanism";
    }
    if ((size_t)(mark - line) > USERNAME_MAX
        || !prepare(line, (size_t)(mark - line), PREPARE_STORED, prepared, sizeof(prepared))) {
        return "bad user name";
    }
    failure = parse_verifier(mark + 1, line + length, &credential->verifier);
    if (failure == NULL && (credential->username = strdup(prepared)) == NULL) {
        failure = "out of memory";
    }
    return failure;
}

void print_credential(const struct credential *credential, char *out)
{
    const struct verifier *verifier = &credential->verifier;
    size_t size = verifier->mechanism->digest_size;
    char salt[BASE64_SIZE(SALT_MAX)];
    char stored_key[BASE64_SIZE(DIGEST_MAX)];
    char server_key[BASE64_SIZE(DIGEST_MAX)];

    base64_encode(verifier->salt, verifier->salt_size, salt);
    base64_encode(verifier->stored_key, size, stored_key);
    base64_encode(verifier->server_key, size, server_key);
    snprintf(
        out, CREDENTIAL_LINE_MAX, "%s:%s$%d:%s$%s:%s", credential->username,
        verifier->mechanism->name, verifier->iterations, salt, stored_key, server_key);
}

static int compare(const void *left, const void *right)
{
    const struct credential *a = left;
    const struct credential *b = right;
    int order = strcmp(a->username, b->username);

    return order != 0 ? order : strcmp(a->verifier.mechanism->name, b->verifier.mechanism->name);
}

static bool append(struct credentials *credentials, const struct credential *credential)
{
    /* Grows when the count is a power of two. */
    if ((credentials->count & (credentials->count - 1)) == 0) {
        size_t capacity = credentials->count == 0 ? 1 : credentials->count * 2;
        void *items = realloc(credentials->items, capacity * sizeof(*credentials->items));

        if (items == NULL) {
            return false;
        }
        credentials->items = items;
    }
    credentials->items[credentials->count++] = *credential;
    return true;
}

/* Reads one line of any kind. Returns NULL, or why it is refused. */
static const char *read_line(struct credentials *credentials, const char *line, size_t length)
{
    struct credential credential;
    const char *failure;
    size_t prefix = strlen(SECRET_PREFIX);

    if (length >= prefix && memcmp(line, SECRET_PREFIX, prefix) == 0) {
        credentials->has_secret =
            base64_decode(line + prefix, length - prefix, credentials->secret, SECRET_SIZE)
            == SECRET_SIZE;
        return credentials->has_secret ? NULL : "bad secret";
    }
    if (length == 0 || line[0] == '#') {
        return NULL;
    }
    failure = parse_credential(line, length, &credential);
    if (failure == NULL && !append(credentials, &credential)) {
        free(credential.username);
        failure = "out of memory";
    }
    return failure;
}

/* Sorts, so that users are found by halving. Returns false when one stands there twice. */
static bool sort(struct credentials *credentials)
{
    size_t i;

    if (credentials->count > 1) {
        qsort(credentials->items, credentials->count, sizeof(*credentials->items), compare);
    }
    for (i = 1; i < credentials->count; i++) {
        if (compare(&credentials->items[i - 1], &credentials->items[i]) == 0) {
            return false;
        }
    }
    return true;
}

static int compare_numbers(const void *left, const void *right)
{
    long long a = *(const long long *)left;
    long long b = *(const long long *)right;

    return (a > b) - (a < b);
}

/* The most frequent of some numbers, of equally frequent ones the greatest; `fallback` of none. */
static long long most_frequent(long long *numbers, size_t count, long long fallback)
{
    size_t best = 0;
    size_t run = 0;
    size_t i;

    if (count > 0) {
        qsort(numbers, count, sizeof(*numbers), compare_numbers);
    }
    for (i = 0; i < count; i++) {
        run = i > 0 && numbers[i] == numbers[i - 1] ? run + 1 : 1;
        if (run >= best) {
            best = run;
            fallback = numbers[i];
        }
    }
    return fallback;
}

/* Fills `usual`. Returns false when memory is short. */
static bool find_usual(struct credentials *credentials)
{
    /* A shape as one number: the count of iterations, then the size of the salt. */
    enum { UNIT = SALT_MAX + 1 };
    long long *shapes = malloc((credentials->count + 1) * sizeof(*shapes));
    size_t m;
    size_t i;

    for (m = 0; shapes != NULL && m < MECHANISM_COUNT; m++) {
        size_t count = 0;
        long long found;

        for (i = 0; i < credentials->count; i++) {
            const struct verifier *verifier = &credentials->items[i].verifier;

            if (verifier->mechanism == &mechanisms[m]) {
                shapes[count++] =
                    (long long)verifier->iterations * UNIT + (long long)verifier->salt_size;
            }
        }
        found = most_frequent(shapes, count, (long long)ITERATIONS_DEFAULT * UNIT + SALT_SIZE);
        credentials->usual[m].iterations = (int)(found / UNIT);
        credentials->usual[m].salt_size = (size_t)(found % UNIT);
    }
    if (shapes == NULL) {
        return false;
    }
    free(shapes);
    return true;
}

/* Finds a secret for a file that does not hold one: the one before, or what nobody can know who does
   not know all keys. The verifiers are still in the order of the file. */
static bool find_secret(struct credentials *credentials, const struct credentials *previous)
{
    unsigned char *keys;
    size_t size = 0;
    size_t i;
    bool is_made;

    if (credentials->has_secret) {
        return true;
    }
    if (previous != NULL) {
        memcpy(credentials->secret, previous->secret, SECRET_SIZE);
        return true;
    }
    if (credentials->count == 0) {
        return random_bytes(credentials->secret, SECRET_SIZE);
    }
    keys = malloc(credentials->count * DIGEST_MAX);
    if (keys == NULL) {
        return false;
    }
    for (i = 0; i < credentials->count; i++) {
        const struct verifier *verifier = &credentials->items[i].verifier;

        memcpy(keys + size, verifier->server_key, verifier->mechanism->digest_size);
        size += verifier->mechanism->digest_size;
    }
    is_made = hash(&mechanisms[0], keys, size, credentials->secret);
    wipe(keys, size);
    free(keys);
    return is_made;
}

bool read_credentials(
    const char *path,
    const struct credentials *previous,
    struct credentials *credentials,
    struct credential_error *error)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    memset(credentials, 0, sizeof(*credentials));
    error->text = NULL;
    error->line = 0;
    if (file == NULL) {
        error->text = strerror(errno);
        return false;
    }
    while (error->text == NULL && (length = getline(&line, &capacity, file)) >= 0) {
        error->line++;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
            length--;
        }
        error->text = read_line(credentials, line, (size_t)length);
    }
    if (error->text == NULL && ferror(file)) {
        error->text = strerror(errno);
    }
    fclose(file);
    free(line);
    if (error->text == NULL && !find_secret(credentials, previous)) {
        error->text = "no secret for users that do not exist";
    }
    if (error->text == NULL && !sort(credentials)) {
        error->text = "a user stands there twice with one mechanism";
        error->line = 0;
    }
    if (error->text == NULL && !find_usual(credentials)) {
        error->text = "out of memory";
    }
    if (error->text != NULL) {
        free_credentials(credentials);
        return false;
    }
    return true;
}

void free_credentials(struct credentials *credentials)
{
    size_t i;

    for (i = 0; i < credentials->count; i++) {
        free(credentials->items[i].username);
    }
    if (credentials->items != NULL) {
        wipe(credentials->items, credentials->count * sizeof(*credentials->items));
    }
    free(credentials->items);
    wipe(credentials, sizeof(*credentials));
}

const struct verifier *find_verifier(
    const struct credentials *credentials,
    const char *username,
    const struct mechanism *mechanism)
{
    struct credential wanted;
    const struct credential *found;

    if (credentials->count == 0) {
        return NULL;
    }
    wanted.username = (char *)username;
    wanted.verifier.mechanism = mechanism;
    found = bsearch(
        &wanted, credentials->items, credentials->count, sizeof(*credentials->items), compare);
    return found != NULL ? &found->verifier : NULL;
}

bool make_up_verifier(
    const struct credentials *credentials,
    const char *username,
    const struct mechanism *mechanism,
    int iterations,
    struct verifier *verifier)
{
    unsigned char text[USERNAME_MAX + 32];
    unsigned char digest[DIGEST_MAX];
    const struct shape *usual = &credentials->usual[mechanism - mechanisms];
    size_t length =
        (size_t)snprintf((char *)text, sizeof(text), "%s:%s", mechanism->name, username);

    /* SHA-512 for both mechanisms: one digest is as long as the longest salt. */
    if (length >= sizeof(text)
        || !hmac(
            find_mechanism("SCRAM-SHA-512", 13), credentials->secret, SECRET_SIZE, text, length,
            digest)) {
        return false;
    }
    memset(verifier, 0, sizeof(*verifier));
    verifier->mechanism = mechanism;
    verifier->iterations = iterations != 0 ? iterations : usual->iterations;
    verifier->salt_size = usual->salt_size;
    memcpy(verifier->salt, digest, usual->salt_size);
    return random_bytes(verifier->stored_key, mechanism->digest_size)
        && random_bytes(verifier->server_key, mechanism->digest_size);
}
