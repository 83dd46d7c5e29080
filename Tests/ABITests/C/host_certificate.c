/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that tells whose certificate a client has shown: of the one whose identifier a message to "ask"
   carries, of those who log in and of those who leave. And the channel binding of those who begin an
   exchange. With the option "accept" it lets in whoever does. The option "name" is in its lines. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static const char *name = "";
static int accepts;

static void tell(const char *occasion, const char *identifier, const struct mosquitto *client)
{
    char subject[200] = "nobody";
    X509 *certificate = client != NULL ? mosquitto_client_certificate(client) : NULL;

    if (certificate != NULL) {
        X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof(subject));
        X509_free(certificate);
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC %s %s %s is %s", name, occasion, identifier, subject);
}

static int on_message_in(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_message *message = data;
    char identifier[100] = "";

    (void)event;
    (void)userdata;
    if (strcmp(message->topic, "ask") == 0 && message->payloadlen < sizeof(identifier)) {
        memcpy(identifier, message->payload, message->payloadlen);
        tell("asked", identifier, mosquitto_client(identifier));
    }
    return MOSQ_ERR_SUCCESS;
}

static int on_login(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_basic_auth *login = data;

    (void)event;
    (void)userdata;
    tell("login", mosquitto_client_id(login->client), login->client);
    return accepts ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_IGNORE;
}

static int on_offline(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_client_offline *offline = data;

    (void)event;
    (void)userdata;
    tell("offline", mosquitto_client_id(offline->client), offline->client);
    return MOSQ_ERR_SUCCESS;
}

static int on_exchange(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_extended_auth *auth = data;
    unsigned char binding[32];
    char text[65] = "";
    int code = mosquitto_client_tls_exporter(auth->client, binding);

    (void)event;
    (void)userdata;
    for (size_t i = 0; code == MOSQ_ERR_SUCCESS && i < sizeof(binding); i++) {
        snprintf(text + 2 * i, 3, "%02x", binding[i]);
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC %s binding %d %s", name, code, text);
    return accepts ? MOSQ_ERR_SUCCESS : MOSQ_ERR_PLUGIN_IGNORE;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    return count > 0 ? versions[0] : -1;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "name") == 0) {
            name = options[i].value;
        } else if (strcmp(options[i].key, "accept") == 0) {
            accepts = 1;
        }
    }
    mosquitto_callback_register(identifier, MOSQ_EVT_BASIC_AUTH, on_login, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_CLIENT_OFFLINE, on_offline, NULL, NULL);
    mosquitto_callback_register(identifier, MOSQ_EVT_EXT_AUTH_START, on_exchange, NULL, NULL);
    return mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message_in, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}
