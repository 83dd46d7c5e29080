/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin that tells whose certificate the client has shown whose identifier a message to "ask" carries. */
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <openssl/x509.h>
#include <string.h>

static int on_message_in(int event, void *data, void *userdata)
{
    const struct mosquitto_evt_message *message = data;
    char identifier[100] = "", subject[200] = "nobody";
    const struct mosquitto *client;
    X509 *certificate;

    (void)event;
    (void)userdata;
    if (strcmp(message->topic, "ask") != 0 || message->payloadlen >= sizeof(identifier)) {
        return MOSQ_ERR_SUCCESS;
    }
    memcpy(identifier, message->payload, message->payloadlen);
    client = mosquitto_client(identifier);
    certificate = client != NULL ? mosquitto_client_certificate(client) : NULL;
    if (certificate != NULL) {
        X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof(subject));
        X509_free(certificate);
    }
    mosquitto_log_printf(MOSQ_LOG_INFO, "REC %s is %s", identifier, subject);
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_version(int count, const int *versions)
{
    return count > 0 ? versions[0] : -1;
}

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return mosquitto_callback_register(identifier, MOSQ_EVT_MESSAGE_IN, on_message_in, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return MOSQ_ERR_SUCCESS;
}
