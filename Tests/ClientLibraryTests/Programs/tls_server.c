/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with servers that are as they should be and with others: what functions return, what errno says, what is logged,
   what ends a loop. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "script.h"

static char directory[] = "/tmp/tls_server.XXXXXX";
static EVP_PKEY *key;
static X509 *authority, *good, *expired, *other_name, *other_authority;

static int connects, disconnects, disconnect_code;
static char last_error[512];

/* Makes a certificate; days count from now. */
static X509 *certificate(const char *name, X509 *issuer, const char *names, long from, long until)
{
    X509 *made = X509_new();
    X509_NAME *subject = X509_get_subject_name(made);
    X509V3_CTX context;
    X509_EXTENSION *extension;
    static long serial;

    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), from * 86400);
    X509_gmtime_adj(X509_getm_notAfter(made), until * 86400);
    X509_set_pubkey(made, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made, issuer ? X509_get_subject_name(issuer) : subject);
    X509V3_set_ctx(&context, issuer ? issuer : made, made, NULL, NULL, 0);
    extension = names ? X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names)
                      : X509V3_EXT_conf_nid(NULL, &context, NID_basic_constraints, "critical,CA:TRUE");
    EXPECT(extension != NULL);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
    EXPECT(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, X509 *what)
{
    FILE *file = fopen(path_of(name), "w");

    EXPECT(file != NULL);
    if (what) PEM_write_X509(file, what);
    if (!what) PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}

static void make_files(void)
{
    EVP_PKEY *first;
    FILE *file;

    EXPECT(mkdtemp(directory) != NULL);
    key = EVP_EC_gen("P-256");
    authority = certificate("authority", NULL, NULL, -20, 20);
    good = certificate("good", authority, "DNS:localhost,IP:127.0.0.1", -1, 20);
    expired = certificate("expired", authority, "DNS:localhost", -10, -1);
    other_name = certificate("other", authority, "DNS:example.org", -1, 20);
    other_authority = certificate("other authority", NULL, NULL, -1, 20);
    write_file("authority", authority);
    write_file("other", other_authority);
    write_file("good", good);
    write_file("key", NULL);
    first = key;
    key = EVP_EC_gen("P-256");
    write_file("other-key", NULL);
    EVP_PKEY_free(key);
    key = first;
    file = fopen(path_of("nothing"), "w");
    EXPECT(file != NULL);
    fputs("nothing\n", file);
    fclose(file);
}

static void remove_files(void)
{
    static const char *names[] = {"authority", "other", "good", "key", "other-key", "nothing"};
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) unlink(path_of(names[i]));
    rmdir(directory);
}

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    EXPECT(rc == 0);
    connects++;
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    disconnects++;
    disconnect_code = rc;
    /* What the program's functions leave there decides nothing. */
    errno = 0;
}

static void on_log(struct mosquitto *client, void *data, int level, const char *text)
{
    (void)client, (void)data;
    if (level == MOSQ_LOG_ERR && !last_error[0]) snprintf(last_error, sizeof last_error, "%s", text);
}

static struct mosquitto *begin_client(const char *ca)
{
    struct mosquitto *client = new_client("c", NULL);

    connects = disconnects = script_result = 0;
    disconnect_code = -1;
    last_error[0] = 0;
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_log_callback_set(client, on_log);
    if (ca) DO(mosquitto_tls_set(client, path_of(ca), NULL, NULL, NULL, NULL));
    return client;
}

static unsigned char selected[16];
static unsigned selected_length;

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *in, unsigned in_length, void *unused)
{
    (void)ssl, (void)unused;
    EXPECT(in_length <= sizeof selected);
    memcpy(selected, in, in_length);
    selected_length = in_length;
    *out = in + 1;
    *length = in[0];
    return SSL_TLSEXT_ERR_OK;
}

/* The server's side of a connection: the handshake, as far as it goes; NULL when it fails. */
static SSL *serve(struct mosquitto *client, X509 *shown, int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    long until = script_now() + 5000;
    SSL *ssl;

    SSL_CTX_use_certificate(context, shown);
    SSL_CTX_use_PrivateKey(context, key);
    if (version) SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_alpn_select_cb(context, select_protocol, NULL);
    ssl = SSL_new(context);
    SSL_CTX_free(context);
    script_accept(client);
    EXPECT(fcntl(script_peer, F_SETFL, O_NONBLOCK) == 0);
    SSL_set_fd(ssl, script_peer);
    for (;;) {
        int result = SSL_accept(ssl);
        int error = SSL_get_error(ssl, result);

        if (result == 1) return ssl;
        EXPECT(script_now() < until);
        if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) break;
        script_turn(client, 5);
        if (disconnects) break;
    }
    ERR_clear_error();
    SSL_free(ssl);
    return NULL;
}

/* CONNECT comes and is answered. */
static void answer(struct mosquitto *client, SSL *ssl)
{
    unsigned char bytes[64];

    while (SSL_read(ssl, bytes, sizeof bytes) <= 0) script_turn(client, 5);
    EXPECT(bytes[0] == 0x10);
    EXPECT(SSL_write(ssl, "\x20\x02\x00\x00", 4) == 4);
    while (connects == 0) script_turn(client, 5);
}

static void go(struct mosquitto *client, const char *to)
{
    connects = disconnects = script_result = 0;
    DO(mosquitto_connect(client, to, script_port, 60));
}

/* The client finds something wrong with the server. */
static void expect_refusal(const char *what, struct mosquitto *client, const char *to, X509 *shown)
{
    long until = script_now() + 5000;
    SSL *ssl;

    go(client, to);
    ssl = serve(client, shown, 0);
    /* A client of TLS 1.3 refuses when the server is ready already. */
    errno = 0;
    while (disconnects == 0 && script_now() < until) script_turn(client, 5);
    printf("%s: %d, %d, %s, %s\n", what, script_result, disconnect_code,
           connects ? "connected" : "not connected", last_error[0] ? "logged" : "not logged");
    SSL_free(ssl);
    mosquitto_destroy(client);
}

static void expect_success(const char *what, struct mosquitto *client, const char *to, X509 *shown)
{
    SSL *ssl;

    go(client, to);
    ssl = serve(client, shown, 0);
    EXPECT(ssl != NULL);
    answer(client, ssl);
    printf("%s: good\n", what);
    SSL_free(ssl);
    mosquitto_destroy(client);
}

static void verification(void)
{
    struct mosquitto *client;

    expect_success("right", begin_client("authority"), "localhost", good);
    expect_success("by address", begin_client("authority"), "127.0.0.1", good);
    expect_refusal("wrong authority", begin_client("other"), "localhost", good);
    expect_refusal("expired", begin_client("authority"), "localhost", expired);
    expect_refusal("other name", begin_client("authority"), "localhost", other_name);
    client = begin_client("authority");
    DO(mosquitto_tls_insecure_set(client, true));
    expect_success("other name, insecure", client, "localhost", other_name);
    client = begin_client("other");
    DO(mosquitto_tls_insecure_set(client, true));
    expect_refusal("wrong authority, insecure", client, "localhost", good);
    client = begin_client("other");
    DO(mosquitto_tls_opts_set(client, 0, NULL, NULL));
    expect_success("not verified", client, "localhost", expired);
    client = begin_client("authority");
    DO(mosquitto_int_option(client, MOSQ_OPT_TLS_OCSP_REQUIRED, 1));
    expect_refusal("no stapled status", client, "localhost", good);
    client = begin_client(NULL);
    DO(mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1));
    expect_refusal("unknown to the system", client, "localhost", good);
    setenv("SSL_CERT_FILE", path_of("authority"), 1);
    client = begin_client(NULL);
    DO(mosquitto_int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1));
    expect_success("known to the system", client, "localhost", good);
    unsetenv("SSL_CERT_FILE");
}

static void choices(void)
{
    struct mosquitto *client = begin_client("authority");
    SSL *ssl;

    DO(mosquitto_string_option(client, MOSQ_OPT_TLS_ALPN, "mqtt"));
    go(client, "localhost");
    ssl = serve(client, good, 0);
    EXPECT(ssl != NULL && selected_length == 5 && memcmp(selected, "\4mqtt", 5) == 0);
    EXPECT(strcmp(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "localhost") == 0);
    EXPECT(SSL_version(ssl) == TLS1_3_VERSION);
    answer(client, ssl);
    EXPECT(SSL_is_init_finished((SSL *)mosquitto_ssl_get(client)));
    SSL_free(ssl);
    mosquitto_destroy(client);
    client = begin_client("authority");
    DO(mosquitto_tls_opts_set(client, 1, "tlsv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"));
    go(client, "localhost");
    ssl = serve(client, good, TLS1_2_VERSION);
    EXPECT(ssl != NULL && strcmp(SSL_get_cipher(ssl), "ECDHE-ECDSA-AES128-GCM-SHA256") == 0);
    SSL_free(ssl);
    mosquitto_destroy(client);
    client = begin_client("authority");
    DO(mosquitto_tls_opts_set(client, 1, "tlsv1.3", "TLS_CHACHA20_POLY1305_SHA256"));
    go(client, "localhost");
    ssl = serve(client, good, 0);
    EXPECT(ssl != NULL && strcmp(SSL_get_cipher(ssl), "TLS_CHACHA20_POLY1305_SHA256") == 0);
    SSL_free(ssl);
    mosquitto_destroy(client);
    client = begin_client("authority");
    DO(mosquitto_tls_opts_set(client, 1, "tlsv1.3", NULL));
    go(client, "localhost");
    ssl = serve(client, good, TLS1_2_VERSION);
    EXPECT(ssl == NULL);
    while (disconnects == 0) script_turn(client, 5);
    printf("too old: %d, %d\n", script_result, disconnect_code);
    mosquitto_destroy(client);
}

/* What cannot be set up is found when the connection is made. */
static void expect_failure(struct mosquitto *client)
{
    int result = mosquitto_connect(client, "localhost", script_port, 60);
    char *path = strstr(last_error, directory);

    if (path) memmove(path, path + strlen(directory), strlen(path + strlen(directory)) + 1);
    printf("%d: %s\n", result, last_error);
    EXPECT(disconnects == 0 && mosquitto_socket(client) == -1);
    mosquitto_destroy(client);
}

static void failures(void)
{
    struct mosquitto *client = begin_client("nothing");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    expect_failure(client);
    client = begin_client(NULL);
    DO(mosquitto_tls_set(client, path_of("authority"), NULL, path_of("nothing"), path_of("key"), NULL));
    expect_failure(client);
    client = begin_client(NULL);
    DO(mosquitto_tls_set(client, path_of("authority"), NULL, path_of("good"), path_of("nothing"), NULL));
    expect_failure(client);
    client = begin_client(NULL);
    DO(mosquitto_tls_set(client, path_of("authority"), NULL, path_of("good"), path_of("other-key"), NULL));
    expect_failure(client);
    client = begin_client("authority");
    DO(mosquitto_tls_opts_set(client, 1, NULL, "no such cipher"));
    expect_failure(client);
    client = begin_client("authority");
    DO(mosquitto_tls_opts_set(client, 1, "tlsv1.3", "no such suite"));
    expect_failure(client);
    client = begin_client(NULL);
    DO(mosquitto_void_option(client, MOSQ_OPT_SSL_CTX, context));
    SSL_CTX_free(context);
    expect_failure(client);
}

static void on_disconnect_leave(struct mosquitto *client, void *data, int rc)
{
    on_disconnect(client, data, rc);
    if (disconnects == 2) mosquitto_disconnect(client);
}

/* A failed handshake ends loop_forever. A connection that is lost does not, whether TLS was closed before or not. */
static void ends(void)
{
    struct mosquitto *client = begin_client("authority");
    struct linger hard = {1, 0};
    SSL *ssl;
    int i;

    go(client, "localhost");
    script_accept(client);
    EXPECT(send(script_peer, "HTTP/1.0 400 Bad\r\n\r\n", 20, MSG_NOSIGNAL) == 20);
    errno = 0;
    i = mosquitto_loop_forever(client, -1, 1);
    printf("not TLS: %d, %s\n", i, errno == EPROTO ? "EPROTO" : strerror(errno));
    EXPECT(disconnects == 1);
    mosquitto_destroy(client);
    client = begin_client("authority");
    for (i = 0; i < 2; i++) {
        go(client, "localhost");
        ssl = serve(client, good, 0);
        answer(client, ssl);
        if (i == 0) SSL_shutdown(ssl);
        script_cut();
        while (disconnects == 0) script_turn(client, 5);
        printf("%s: %d, %d\n", i == 0 ? "closed" : "cut", script_result, disconnect_code);
        SSL_free(ssl);
    }
    /* The peer is gone while there is much to say. */
    go(client, "localhost");
    ssl = serve(client, good, 0);
    answer(client, ssl);
    EXPECT(setsockopt(script_peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    script_cut();
    for (i = 0; i < 10; i++) mosquitto_publish(client, NULL, "a", 1, "x", i % 2, false);
    while (disconnects == 0) mosquitto_loop(client, 5, 1);
    SSL_free(ssl);
    /* loop_forever goes on. */
    go(client, "localhost");
    ssl = serve(client, good, 0);
    answer(client, ssl);
    mosquitto_disconnect_callback_set(client, on_disconnect_leave);
    script_cut();
    close(script_listener);
    script_listener = -1;
    disconnects = 1;
    DO(mosquitto_loop_forever(client, -1, 1));
    printf("lost: %d\n", disconnect_code);
    SSL_free(ssl);
    mosquitto_destroy(client);
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    script_open();
    make_files();
    verification();
    choices();
    failures();
    ends();
    remove_files();
    X509_free(authority), X509_free(good), X509_free(expired);
    X509_free(other_name), X509_free(other_authority), EVP_PKEY_free(key);
    return end();
}
