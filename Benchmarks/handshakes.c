/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that cost next to nothing, for measuring how many TLS handshakes a broker makes:
 *   cc -O2 Benchmarks/handshakes.c -lcrypto -o handshakes
 *   handshakes PORT CERTIFICATE SECONDS [CONNECTIONS AT ONCE]
 * prints the handshakes made, those that failed, seconds, and its own processor time for each in microseconds.
 *
 * The usual libraries spend as much time on a handshake as the broker, which on two cores leaves nothing for a second reactor.
 * These clients speak TLS 1.2 with RSA key exchange (RFC 5246), where the server decrypts with its private key, which is the
 * dear part, and the client could only encrypt with the public one: it does that once and sends the same bytes every time.
 * What the broker does is the whole handshake; that it was one is known by its Finished message, which is checked.
 */
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22, SERVER_HELLO = 2, SERVER_HELLO_DONE = 14, FINISHED = 20 };
enum { RANDOM_COUNT = 32, MASTER_COUNT = 48, VERIFY_COUNT = 12, RECORD_HEAD = 5, MESSAGE_HEAD = 4, TAG_COUNT = 16, NONCE_COUNT = 8 };

/* What both directions need after the key exchange. */
struct keys {
    uint8_t client[16], server[16], client_salt[4], server_salt[4];
};

struct client {
    int descriptor;
    SHA256_CTX transcript;
    uint8_t server_random[RANDOM_COUNT], master[MASTER_COUNT];
    struct keys keys;
    bool is_encrypted;
    size_t count;
    uint8_t input[16384];
};

/* One handshake message for all connections, random bytes included: the server adds its own. */
static const uint8_t hello[] = {
    1, 0, 0, 57, 3, 3,
    'h', 'a', 'n', 'd', 's', 'h', 'a', 'k', 'e', 's', ' ', 'b', 'y', ' ', 't', 'h', 'e', ' ', 't', 'h', 'o', 'u', 's', 'a', 'n', 'd', '.', '.', '.', '.', '.', '.',
    0, 0, 4, 0x00, 0x9c, 0x00, 0xff, 1, 0, 0, 12,
    0, 13, 0, 8, 0, 6, 4, 1, 8, 4, 5, 1,
};
static const uint8_t *const client_random = hello + MESSAGE_HEAD + 2;

static struct sockaddr_in address;
static int poller;
static uint8_t premaster[MASTER_COUNT], exchange[MESSAGE_HEAD + 2 + 1024];
static size_t exchange_count;
static EVP_CIPHER_CTX *sealer, *opener;
static long made, failed;

static void stop(const char *reason)
{
    perror(reason);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* HMAC-SHA256 of two pieces with a key of at most 64 bytes. */
static void authenticate(uint8_t *target, const uint8_t *key, size_t key_count, const uint8_t *first, size_t first_count,
                         const uint8_t *second, size_t second_count)
{
    uint8_t inner[64] = {0}, outer[64];
    SHA256_CTX hash;

    memcpy(inner, key, key_count);
    for (int i = 0; i < 64; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    SHA256_Init(&hash);
    SHA256_Update(&hash, inner, 64);
    SHA256_Update(&hash, first, first_count);
    SHA256_Update(&hash, second, second_count);
    SHA256_Final(target, &hash);
    SHA256_Init(&hash);
    SHA256_Update(&hash, outer, 64);
    SHA256_Update(&hash, target, SHA256_DIGEST_LENGTH);
    SHA256_Final(target, &hash);
}

/* The pseudorandom function of TLS 1.2 (RFC 5246 section 5). */
static void derive(uint8_t *target, size_t count, const uint8_t *secret, const char *label, const uint8_t *one, size_t one_count,
                   const uint8_t *two, size_t two_count)
{
    uint8_t seed[128], block[SHA256_DIGEST_LENGTH], chain[SHA256_DIGEST_LENGTH];
    size_t seed_count = strlen(label);

    memcpy(seed, label, seed_count);
    memcpy(seed + seed_count, one, one_count);
    memcpy(seed + seed_count + one_count, two, two_count);
    seed_count += one_count + two_count;
    authenticate(chain, secret, MASTER_COUNT, seed, seed_count, seed, 0);
    while (count > 0) {
        size_t piece = count < sizeof(block) ? count : sizeof(block);
        authenticate(block, secret, MASTER_COUNT, chain, sizeof(chain), seed, seed_count);
        memcpy(target, block, piece);
        target += piece;
        count -= piece;
        authenticate(chain, secret, MASTER_COUNT, chain, sizeof(chain), seed, 0);
    }
}

static void start(struct client *client)
{
    struct linger reset = {1, 0};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    uint8_t record[RECORD_HEAD + sizeof(hello)] = {HANDSHAKE, 3, 1, 0, sizeof(hello)};

    client->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(client->descriptor, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (client->descriptor < 0 || connect(client->descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) stop("connect");
    client->count = 0;
    client->is_encrypted = false;
    SHA256_Init(&client->transcript);
    SHA256_Update(&client->transcript, hello, sizeof(hello));
    memcpy(record + RECORD_HEAD, hello, sizeof(hello));
    if (send(client->descriptor, record, sizeof(record), MSG_NOSIGNAL) != sizeof(record)) stop("send");
    epoll_ctl(poller, EPOLL_CTL_ADD, client->descriptor, &event);
}

static void finish(struct client *client, bool is_made)
{
    *(is_made ? &made : &failed) += 1;
    close(client->descriptor);
    start(client);
}

/* What a Finished message says of all messages so far. */
static void verify_data(const struct client *client, const char *label, uint8_t *target)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256_CTX hash = client->transcript;

    SHA256_Final(digest, &hash);
    derive(target, VERIFY_COUNT, client->master, label, digest, sizeof(digest), digest, 0);
}

/* The nonce and the additional data of the first record in a direction (RFC 5288). */
static void describe(const uint8_t *salt, const uint8_t *explicit_nonce, uint8_t *nonce, uint8_t *data)
{
    static const uint8_t first[13] = {0, 0, 0, 0, 0, 0, 0, 0, HANDSHAKE, 3, 3, 0, MESSAGE_HEAD + VERIFY_COUNT};

    memcpy(nonce, salt, 4);
    memcpy(nonce + 4, explicit_nonce, NONCE_COUNT);
    memcpy(data, first, sizeof(first));
}

/* Key exchange, change of ciphers and Finished, in one piece. */
static bool answer(struct client *client)
{
    uint8_t output[2048], message[MESSAGE_HEAD + VERIFY_COUNT] = {FINISHED, 0, 0, VERIFY_COUNT}, nonce[12], data[13];
    uint8_t *end = output;
    int count;

    derive(client->master, MASTER_COUNT, premaster, "master secret", client_random, RANDOM_COUNT, client->server_random,
           RANDOM_COUNT);
    derive((uint8_t *)&client->keys, sizeof(client->keys), client->master, "key expansion", client->server_random,
           RANDOM_COUNT, client_random, RANDOM_COUNT);
    SHA256_Update(&client->transcript, exchange, exchange_count);
    memcpy(end, (uint8_t[]){HANDSHAKE, 3, 3, (uint8_t)(exchange_count >> 8), (uint8_t)exchange_count}, RECORD_HEAD);
    memcpy(end + RECORD_HEAD, exchange, exchange_count);
    end += RECORD_HEAD + exchange_count;
    memcpy(end, (uint8_t[]){CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1}, RECORD_HEAD + 1);
    end += RECORD_HEAD + 1;

    verify_data(client, "client finished", message + MESSAGE_HEAD);
    SHA256_Update(&client->transcript, message, sizeof(message));
    memcpy(end, (uint8_t[]){HANDSHAKE, 3, 3, 0, NONCE_COUNT + sizeof(message) + TAG_COUNT}, RECORD_HEAD);
    end += RECORD_HEAD;
    memset(end, 0, NONCE_COUNT);
    describe(client->keys.client_salt, end, nonce, data);
    end += NONCE_COUNT;
    EVP_EncryptInit_ex(sealer, NULL, NULL, client->keys.client, nonce);
    EVP_EncryptUpdate(sealer, NULL, &count, data, sizeof(data));
    EVP_EncryptUpdate(sealer, end, &count, message, sizeof(message));
    EVP_EncryptFinal_ex(sealer, end + count, &count);
    EVP_CIPHER_CTX_ctrl(sealer, EVP_CTRL_AEAD_GET_TAG, TAG_COUNT, end + sizeof(message));
    end += sizeof(message) + TAG_COUNT;
    return send(client->descriptor, output, (size_t)(end - output), MSG_NOSIGNAL) == end - output;
}

/* Whether the record is the server's Finished, which only who has the private key can make. */
static bool is_finished(struct client *client, uint8_t *record, size_t count)
{
    uint8_t message[MESSAGE_HEAD + VERIFY_COUNT], expected[VERIFY_COUNT], nonce[12], data[13];
    int length;

    if (count != NONCE_COUNT + sizeof(message) + TAG_COUNT) return false;
    describe(client->keys.server_salt, record, nonce, data);
    EVP_DecryptInit_ex(opener, NULL, NULL, client->keys.server, nonce);
    EVP_DecryptUpdate(opener, NULL, &length, data, sizeof(data));
    EVP_DecryptUpdate(opener, message, &length, record + NONCE_COUNT, sizeof(message));
    EVP_CIPHER_CTX_ctrl(opener, EVP_CTRL_AEAD_SET_TAG, TAG_COUNT, record + NONCE_COUNT + sizeof(message));
    if (EVP_DecryptFinal_ex(opener, message + length, &length) != 1) return false;
    verify_data(client, "server finished", expected);
    return message[0] == FINISHED && memcmp(message + MESSAGE_HEAD, expected, VERIFY_COUNT) == 0;
}

/* Takes the messages of a record that is not encrypted; false when something is wrong. */
static bool take_messages(struct client *client, const uint8_t *bytes, size_t count)
{
    SHA256_Update(&client->transcript, bytes, count);
    while (count >= MESSAGE_HEAD) {
        size_t size = MESSAGE_HEAD + ((size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3]);
        if (size > count) return false;
        if (bytes[0] == SERVER_HELLO) memcpy(client->server_random, bytes + MESSAGE_HEAD + 2, RANDOM_COUNT);
        if (bytes[0] == SERVER_HELLO_DONE) return answer(client);
        bytes += size;
        count -= size;
    }
    return count == 0;
}

static void receive(struct client *client)
{
    ssize_t count = recv(client->descriptor, client->input + client->count, sizeof(client->input) - client->count, MSG_DONTWAIT);
    uint8_t *bytes = client->input;

    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return finish(client, false);
    client->count += (size_t)count;
    while (client->count >= RECORD_HEAD) {
        size_t size = (size_t)bytes[3] << 8 | bytes[4];
        if (client->count < RECORD_HEAD + size) break;
        if (client->is_encrypted) return finish(client, is_finished(client, bytes + RECORD_HEAD, size));
        if (bytes[0] == CHANGE_CIPHER_SPEC) {
            client->is_encrypted = true;
        } else if (bytes[0] != HANDSHAKE || !take_messages(client, bytes + RECORD_HEAD, size)) {
            return finish(client, false);
        }
        bytes += RECORD_HEAD + size;
        client->count -= RECORD_HEAD + size;
    }
    memmove(client->input, bytes, client->count);
}

/* Encrypts the secret all connections use. */
static void prepare(const char *path)
{
    FILE *file = fopen(path, "r");
    X509 *certificate = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    if (certificate == NULL) stop(path);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(X509_get0_pubkey(certificate), NULL);
    size_t count = sizeof(exchange) - MESSAGE_HEAD - 2;

    RAND_bytes(premaster, sizeof(premaster));
    premaster[0] = premaster[1] = 3;
    if (EVP_PKEY_encrypt_init(context) != 1 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(context, exchange + MESSAGE_HEAD + 2, &count, premaster, sizeof(premaster)) != 1) {
        stop("an RSA certificate is needed");
    }
    memcpy(exchange, (uint8_t[]){16, 0, (uint8_t)((count + 2) >> 8), (uint8_t)(count + 2), (uint8_t)(count >> 8), (uint8_t)count}, 6);
    exchange_count = MESSAGE_HEAD + 2 + count;
    sealer = EVP_CIPHER_CTX_new();
    opener = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(sealer, EVP_aes_128_gcm(), NULL, NULL, NULL);
    EVP_DecryptInit_ex(opener, EVP_aes_128_gcm(), NULL, NULL, NULL);
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 4) return 2;
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)atoi(arguments[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    prepare(arguments[2]);
    poller = epoll_create1(0);
    int client_count = argument_count > 4 ? atoi(arguments[4]) : 16;
    struct client *clients = calloc((size_t)client_count, sizeof(*clients));
    for (int i = 0; i < client_count; i++) start(&clients[i]);

    double began = now(), seconds = atof(arguments[3]);
    while (now() - began < seconds) {
        struct epoll_event events[64];
        int count = epoll_wait(poller, events, 64, 100);
        for (int i = 0; i < count; i++) receive(events[i].data.ptr);
    }
    seconds = now() - began;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double used = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%ld %ld %.3f %.1f\n", made, failed, seconds, made > 0 ? used / (double)made * 1e6 : 0);
    return made > 0 ? 0 : 1;
}
