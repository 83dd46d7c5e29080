/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the SCRAM exchange of plugins-c/scram without a broker: the vectors of the RFCs, every
   error, names and files. Prints what fails and exits with 1 if anything does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "prepare.h"

static int failures;

static void check(bool is_right, const char *what, const char *which)
{
    if (!is_right) {
        printf("failed: %s: %s\n", what, which);
        failures++;
    }
}

static struct credentials credentials;
static struct exchange_settings settings = {.credentials = &credentials};

/* Adds a user with the password "pencil" and a salt given in Base64. */
static void add_user(
    const char *name, const struct mechanism *mechanism, const char *salt, int iterations)
{
    struct credential *items =
        realloc(credentials.items, (credentials.count + 1) * sizeof(*items));
    struct credential *item = items + credentials.count;
    struct verifier *verifier = &item->verifier;

    credentials.items = items;
    credentials.count++;
    item->username = malloc(strlen(name) + 1);
    strcpy(item->username, name);
    verifier->mechanism = mechanism;
    verifier->iterations = iterations;
    verifier->salt_size = (size_t)base64_decode(salt, strlen(salt), verifier->salt, SALT_MAX);
    check(
        derive_keys(
            mechanism, "pencil", verifier->salt, verifier->salt_size, iterations,
            verifier->stored_key, verifier->server_key),
        "derive_keys", name);
}

/* RFC 7677 section 3. */
static void test_vector(void)
{
    static const char nonce[] = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    static const char final[] = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    static const char first[] = "n=user,r=rOprNGfwEbeRWgbNEkqO,"
                                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    struct exchange exchange;
    const char *failure;
    char *reply;

    failure = begin_exchange(
        &exchange, &settings, &mechanisms[0], false, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", 32,
        &reply);
    check(failure == NULL, "RFC 7677 first message", failure != NULL ? failure : "");
    check(
        strncmp(reply, "r=rOprNGfwEbeRWgbNEkqO", 22) == 0
            && strstr(reply, ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") != NULL,
        "RFC 7677 server first message", reply);
    free(reply);
    /* From here on with the server nonce of the RFC. */
    free(exchange.nonce);
    free(exchange.first_messages);
    exchange.nonce = strcpy(malloc(sizeof(nonce)), nonce);
    exchange.first_messages = strcpy(malloc(sizeof(first)), first);
    failure = finish_exchange(&exchange, final, strlen(final), &reply);
    check(
        failure == NULL
            && strcmp(reply, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == 0,
        "RFC 7677 server final message", failure != NULL ? failure : reply);
    check(strcmp(exchange.username, "user") == 0, "user name", exchange.username);
    free(reply);
    free_exchange(&exchange);
}

/* A first message, and the error it gets; NULL for none. */
struct first_case {
    const char *message;
    const char *error;
    bool can_bind;
    bool requires_binding;
};

static const struct first_case first_cases[] = {
    {"n,,n=user,r=abc", NULL, false, false},
    {"n,,n=user,r=abc,x=extension", NULL, false, false},
    {"n,a=user,n=user,r=abc", NULL, false, false},
    {"y,,n=user,r=abc", NULL, false, false},
    {"p=tls-server-end-point,,n=user,r=abc", NULL, true, false},
    {"p=tls-server-end-point,,n=user,r=abc", NULL, true, true},
    {"n,,n=nobody,r=abc", NULL, false, false},
    {"n,,n=a=2Cb=3Dc,r=abc", NULL, false, false},
    {"n,a=other,n=user,r=abc", "other-error", false, false},
    {"n,,n=user,r=abc", "other-error", true, true},
    {"y,,n=user,r=abc", "server-does-support-channel-binding", true, false},
    {"p=tls-server-end-point,,n=user,r=abc", "channel-binding-not-supported", false, false},
    {"p=tls-unique,,n=user,r=abc", "unsupported-channel-binding-type", true, false},
    {"n,,m=ext,n=user,r=abc", "extensions-not-supported", false, false},
    {"n,,n=us=er,r=abc", "invalid-username-encoding", false, false},
    {"n,,n=user=2c,r=abc", "invalid-username-encoding", false, false},
    {"n,,n=us\x01" "er,r=abc", "invalid-username-encoding", false, false},
    {"n,,n=\xC3\x28,r=abc", "invalid-username-encoding", false, false},
    {"n,,n=,r=abc", "invalid-username-encoding", false, false},
    {"", "invalid-encoding", false, false},
    {"n", "invalid-encoding", false, false},
    {"n,", "invalid-encoding", false, false},
    {"n,,", "invalid-encoding", false, false},
    {"n,,n=user", "invalid-encoding", false, false},
    {"n,,n=user,", "invalid-encoding", false, false},
    {"n,,n=user,r=", "invalid-encoding", false, false},
    {"n,,n=user,r=a b", "invalid-encoding", false, false},
    {"n,,r=abc,n=user", "invalid-encoding", false, false},
    {"n,,n=user,r=abc,", "invalid-encoding", false, false},
    {"n,,n=user,r=abc,m=x", "extensions-not-supported", false, false},
    {"p=,,n=user,r=abc", "invalid-encoding", true, false},
    {"n,,n=user,r=abc,x", "invalid-encoding", false, false},
    {"n,,n=user,r=abc,1=x", "invalid-encoding", false, false},
    {"x,,n=user,r=abc", "invalid-encoding", false, false},
    {"nn,,n=user,r=abc", "invalid-encoding", false, false},
    {"n,user,n=user,r=abc", "invalid-encoding", false, false},
    {"n,a=,n=user,r=abc", "invalid-encoding", false, false},
};

static void test_first_messages(void)
{
    size_t i;

    for (i = 0; i < sizeof(first_cases) / sizeof(first_cases[0]); i++) {
        const struct first_case *one = &first_cases[i];
        struct exchange exchange;
        const char *failure;
        char *reply;

        settings.binding_size = one->can_bind ? 32 : 0;
        failure = begin_exchange(
            &exchange, &settings, &mechanisms[1], one->requires_binding, one->message,
            strlen(one->message), &reply);
        check(
            one->error == NULL ? failure == NULL
                               : failure != NULL && strcmp(failure, one->error) == 0,
            one->message, failure != NULL ? failure : "accepted");
        check((reply == NULL) == (failure != NULL), "reply", one->message);
        free(reply);
        free_exchange(&exchange);
    }
    settings.binding_size = 0;
}

/* SaltedPassword, as the client computes it by Hi() of RFC 5802 section 2.2. */
static void salt_password(
    const struct verifier *verifier, const char *password, unsigned char *salted)
{
    static const unsigned char one[4] = {0, 0, 0, 1};
    const struct mechanism *mechanism = verifier->mechanism;
    size_t size = mechanism->digest_size;
    unsigned char block[SALT_MAX + 4];
    unsigned char round[DIGEST_MAX];
    unsigned char next[DIGEST_MAX];
    size_t i;
    int n;

    memcpy(block, verifier->salt, verifier->salt_size);
    memcpy(block + verifier->salt_size, one, 4);
    hmac(mechanism, password, strlen(password), block, verifier->salt_size + 4, round);
    memcpy(salted, round, size);
    for (n = 1; n < verifier->iterations; n++) {
        hmac(mechanism, password, strlen(password), round, size, next);
        memcpy(round, next, size);
        for (i = 0; i < size; i++) {
            salted[i] ^= round[i];
        }
    }
}

/* Plays a client: a first message, then "FINAL,p=PROOF" with the right proof, or with a wrong one.
   "NONCE" in the final message stands for the nonce. */
static const char *play(
    const struct mechanism *mechanism,
    const char *first,
    const char *final,
    const char *password,
    bool is_proof_long)
{
    struct exchange exchange;
    char message[2048];
    char all[4096];
    char proof_text[BASE64_SIZE(DIGEST_MAX)];
    unsigned char salted[DIGEST_MAX];
    unsigned char stored_key[DIGEST_MAX];
    unsigned char client_key[DIGEST_MAX];
    unsigned char signature[DIGEST_MAX];
    char *reply;
    const char *nonce;
    const char *failure = begin_exchange(
        &exchange, &settings, mechanism, false, first, strlen(first), &reply);
    size_t size = mechanism->digest_size;
    size_t i;

    if (failure != NULL) {
        free_exchange(&exchange);
        return failure;
    }
    free(reply);
    nonce = strstr(final, "NONCE");
    if (nonce != NULL) {
        snprintf(
            message, sizeof(message), "%.*s%s%s", (int)(nonce - final), final, exchange.nonce,
            nonce + 5);
    } else {
        snprintf(message, sizeof(message), "%s", final);
    }
    snprintf(all, sizeof(all), "%s,%s", exchange.first_messages, message);
    salt_password(&exchange.verifier, password, salted);
    hmac(mechanism, salted, size, "Client Key", 10, client_key);
    hash(mechanism, client_key, size, stored_key);
    hmac(mechanism, stored_key, size, all, strlen(all), signature);
    for (i = 0; i < size; i++) {
        client_key[i] ^= signature[i];
    }
    base64_encode(client_key, is_proof_long ? size - 1 : size, proof_text);
    snprintf(all, sizeof(all), "%s,p=%s", message, proof_text);
    failure = finish_exchange(&exchange, all, strlen(all), &reply);
    free(reply);
    free_exchange(&exchange);
    return failure;
}

static void expect(const char *failure, const char *wanted, const char *what)
{
    check(
        wanted == NULL ? failure == NULL : failure != NULL && strcmp(failure, wanted) == 0, what,
        failure != NULL ? failure : "accepted");
}

static void test_final_messages(void)
{
    const struct mechanism *m;
    const char *first = "n,,n=user,r=abc";
    const char *bound = "p=tls-server-end-point,,n=user,r=abc";

    for (m = mechanisms; m->name != NULL; m++) {
        expect(play(m, first, "c=biws,r=NONCE", "pencil", false), NULL, "right password");
        expect(play(m, first, "c=biws,r=NONCE,x=y", "pencil", false), NULL, "extension");
        expect(
            play(m, "y,,n=user,r=abc", "c=eSws,r=NONCE", "pencil", false), NULL, "no binding here");
        expect(
            play(m, first, "c=biws,r=NONCE", "pencils", false), "invalid-proof", "wrong password");
        expect(
            play(m, "n,,n=nobody,r=abc", "c=biws,r=NONCE", "pencil", false), "invalid-proof",
            "unknown user");
        expect(
            play(m, first, "c=eSws,r=NONCE", "pencil", false), "channel-bindings-dont-match",
            "another header");
        expect(
            play(m, first, "c=biws,r=abc", "pencil", false), "other-error", "only our own nonce");
        expect(
            play(m, first, "c=biws,r=NONCEx", "pencil", false), "other-error", "a longer nonce");
        expect(play(m, first, "c=bi*s,r=NONCE", "pencil", false), "invalid-encoding", "no Base64");
        expect(
            play(m, first, "c=biws,r=NONCE,m=x", "pencil", false), "extensions-not-supported",
            "an extension that must be understood");
        expect(
            play(m, first, "c=biws,r=NONCE,", "pencil", false), "invalid-encoding", "empty part");
        expect(play(m, first, "r=NONCE,c=biws", "pencil", false), "invalid-encoding", "order");
        expect(play(m, first, "c=biws", "pencil", false), "invalid-encoding", "no nonce");
        expect(
            play(m, first, "c=biws,r=NONCE", "pencil", true), "invalid-encoding", "short proof");
        settings.binding_size = 3;
        memcpy(settings.binding, "\x01\x02\x03", 3);
        expect(
            play(m, bound, "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQID,r=NONCE", "pencil", false),
            NULL, "bound");
        expect(
            play(m, bound, "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQIE,r=NONCE", "pencil", false),
            "channel-bindings-dont-match", "bound to another certificate");
        settings.binding_size = 0;
    }
}

/* Salts of users that do not exist stay the same and differ from each other. */
static void test_unknown_users(void)
{
    struct verifier a;
    struct verifier b;
    struct verifier c;

    check(
        make_up_verifier(&credentials, "x", &mechanisms[0], 5000, &a)
            && make_up_verifier(&credentials, "x", &mechanisms[0], 5000, &b)
            && make_up_verifier(&credentials, "y", &mechanisms[0], 0, &c),
        "make_up_verifier", "");
    check(memcmp(a.salt, b.salt, SALT_SIZE) == 0, "same salt", "x");
    check(memcmp(a.salt, c.salt, SALT_SIZE) != 0, "other salt", "y");
    check(a.iterations == 5000 && c.iterations == 4096, "iterations", "");
    check(memcmp(a.stored_key, b.stored_key, 32) != 0, "keys nobody knows", "x");
}

static void test_names(void)
{
    static const struct {
        const char *text;
        const char *prepared;
    } names[] = {
        {"user", "user"},           {"I\xC2\xADX", "IX"},   {"a\xC2\xA0" "b", "a b"},
        {"\xC3\xBC", "\xC3\xBC"},   {"USER", "USER"},       {"\xC2\xAA", "a"},
        {"\xE2\x85\xA8", "IX"},     {"\x07", NULL},         {"\xD8\xA7\x31", NULL},
        {"\xD8\xA7", "\xD8\xA7"},   {"\xD8\xA7" "a", NULL}, {"", NULL},
        {"\xC2\xAD", NULL},         {"\xED\xA0\x80", NULL}, {"\xF4\x90\x80\x80", NULL},
        {"e\xCC\x81", "\xC3\xA9"}, {"\xEF\xBC\x8C", ","},
        {"\xEF\xBF\xBE", NULL},     {"\xC0\x80", NULL},     {"\xE2\x82", NULL},
    };
    char out[64];
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool is_good = prepare(names[i].text, strlen(names[i].text), PREPARE_QUERY, out, sizeof(out));

        check(is_good == (names[i].prepared != NULL), "prepare", names[i].text);
        check(!is_good || strcmp(out, names[i].prepared) == 0, "prepared", names[i].text);
    }
    /* U+FDFA becomes eighteen characters. */
    check(prepare("\xEF\xB7\xBA", 3, PREPARE_QUERY, out, sizeof(out)), "grows", "U+FDFA");
    check(!prepare("\xEF\xB7\xBA", 3, PREPARE_QUERY, out, 16), "grows too much", "U+FDFA");
    check(!prepare("a\0b", 3, PREPARE_QUERY, out, sizeof(out)), "NUL", "");
    /* U+0221 came after Unicode 3.2. */
    check(prepare("\xC8\xA1", 2, PREPARE_QUERY, out, sizeof(out)), "unassigned in a query", "U+0221");
    check(!prepare("\xC8\xA1", 2, PREPARE_STORED, out, sizeof(out)), "unassigned in a file", "U+0221");
}

static void test_lines(void)
{
    static const char *const bad[] = {
        "user", "user:", "user:SCRAM-SHA-1$4096:c2FsdA==$AA==:AA==", ":SCRAM-SHA-256$4096:",
        "user:SCRAM-SHA-256$0:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$AAAA"
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:AAAA",
        "user:SCRAM-SHA-256$4096:$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        "a:b:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    };
    static const char good[] =
        "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    struct credential credential;
    char line[CREDENTIAL_LINE_MAX];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check(parse_credential(bad[i], strlen(bad[i]), &credential) != NULL, "refuses", bad[i]);
        free(credential.username);
    }
    check(parse_credential(good, strlen(good), &credential) == NULL, "accepts", good);
    /* The keys of the user of RFC 7677. */
    check(
        memcmp(
            credential.verifier.stored_key, credentials.items[0].verifier.stored_key,
            32) == 0,
        "stored key", good);
    print_credential(&credential, line);
    check(strcmp(line, good) == 0, "prints", line);
    free(credential.username);
}

int main(void)
{
    size_t m;

    add_user("user", &mechanisms[0], "W22ZaJ0SNY7soEsUEjb6gQ==", 4096);
    add_user("user", &mechanisms[1], "W22ZaJ0SNY7soEsUEjb6gQ==", 4096);
    for (m = 0; m < MECHANISM_COUNT; m++) {
        credentials.usual[m].iterations = 4096;
        credentials.usual[m].salt_size = SALT_SIZE;
    }
    test_vector();
    test_first_messages();
    test_final_messages();
    test_unknown_users();
    test_names();
    test_lines();
    free_credentials(&credentials);
    puts(failures == 0 ? "passed" : "failed");
    return failures == 0 ? 0 : 1;
}
