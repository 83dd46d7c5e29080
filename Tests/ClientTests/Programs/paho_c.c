/* SPDX-License-Identifier: Apache-2.0
 * The asynchronous client of the Paho C library; see common.py. */

#include <MQTTAsync.h>
#include <pthread.h>
#include <time.h>

#include "client.h"

static struct arguments arguments;
static struct received received;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_subscribed, is_unsubscribed, has_left;
static int connections;
static MQTTAsync client;

static void set(bool *flag)
{
    pthread_mutex_lock(&mutex);
    *flag = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static void count(int *number)
{
    pthread_mutex_lock(&mutex);
    ++*number;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static void on_connected(void *context, char *cause)
{
    (void)context, (void)cause;
    count(&connections);
}

static int on_message(void *context, char *topic, int topic_size, MQTTAsync_message *message)
{
    (void)context, (void)topic_size;
    pthread_mutex_lock(&mutex);
    take(&received, &arguments, message->payload, message->payloadlen);
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void answered(void *context, MQTTAsync_successData *data)
{
    (void)data;
    set(context);
}

static void answered5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    set(context);
}

/* Waits for something to change; the mutex is held. */
static void wait_for_change(void)
{
    pthread_cond_wait(&changed, &mutex);
}

static MQTTAsync_responseOptions answer(bool *flag)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = flag;
    if (arguments.version == 5) options.onSuccess5 = answered5;
    else options.onSuccess = answered;
    return options;
}

/* Whether something has not been acknowledged to the end: the library does not call back for every message of a
 * connection that ended. */
static bool has_pending(void)
{
    MQTTAsync_token *tokens = NULL;
    if (MQTTAsync_getPendingTokens(client, &tokens) != MQTTASYNC_SUCCESS) exit(6);
    bool has_one = tokens != NULL && tokens[0] != -1;
    MQTTAsync_free(tokens);
    return has_one;
}

static void publish(void)
{
    unsigned char *bytes = payload_room(arguments.size);
    for (int number = 0; number < arguments.count; number++) {
        MQTTAsync_message message = MQTTAsync_message_initializer;
        message.payloadlen = write_payload(bytes, number, arguments.size);
        message.payload = bytes;
        message.qos = 2;
        if (MQTTAsync_sendMessage(client, arguments.topic, &message, NULL) != MQTTASYNC_SUCCESS) exit(5);
    }
    free(bytes);
    while (has_pending()) nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
}

static void receive(void)
{
    MQTTAsync_responseOptions options = answer(&is_subscribed);
    MQTTAsync_subscribe(client, arguments.topic, 2, &options);
    pthread_mutex_lock(&mutex);
    while (!is_subscribed) wait_for_change();
    say("ready");
    while (received.different < arguments.count) wait_for_change();
    pthread_mutex_unlock(&mutex);
    /* Its answer comes after everything that the client had to say before. The library forgets it when a connection
     * ends, and not always says so. */
    options = answer(&is_unsubscribed);
    pthread_mutex_lock(&mutex);
    while (!is_unsubscribed) {
        pthread_mutex_unlock(&mutex);
        MQTTAsync_unsubscribe(client, "nothing", &options);
        pthread_mutex_lock(&mutex);
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += 1;
        if (!is_unsubscribed) pthread_cond_timedwait(&changed, &mutex, &end);
    }
    pthread_mutex_unlock(&mutex);
}

static void begin(void)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
    MQTTAsync_connectOptions options5 = MQTTAsync_connectOptions_initializer5;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, .value.integer4 = expiry_seconds};
    MQTTProperty window = {
        .identifier = MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, .value.integer2 = (unsigned short)arguments.window};
    if (arguments.version == 5) {
        options = options5;
        options.cleanstart = 0;
        MQTTProperties_add(&properties, &expiry);
        if (arguments.receives) MQTTProperties_add(&properties, &window);
        options.connectProperties = &properties;
    } else {
        options.MQTTVersion = MQTTVERSION_3_1_1;
        options.cleansession = 0;
    }
    /* It does not notice the end of every connection but by this. */
    options.keepAliveInterval = 2;
    options.automaticReconnect = 1;
    options.minRetryInterval = options.maxRetryInterval = 1;
    options.maxInflight = arguments.window;
    if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS) exit(3);
    pthread_mutex_lock(&mutex);
    while (connections == 0) wait_for_change();
    pthread_mutex_unlock(&mutex);
}

int main(int word_count, char **words)
{
    arguments = read_arguments(words, word_count);
    received = nothing_received(&arguments);
    char address[64];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%d", arguments.port);
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
    options.sendWhileDisconnected = 1;
    options.maxBufferedMessages = arguments.count + 10;
    options.MQTTVersion = arguments.version;
    if (MQTTAsync_createWithOptions(
            &client, address, arguments.client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options) != MQTTASYNC_SUCCESS)
        return 2;
    MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
    MQTTAsync_setConnected(client, NULL, on_connected);
    begin();
    if (arguments.receives) receive();
    else publish();
    MQTTAsync_disconnectOptions end = MQTTAsync_disconnectOptions_initializer;
    end.context = &has_left;
    if (arguments.version == 5) end.onSuccess5 = answered5;
    else end.onSuccess = answered;
    MQTTAsync_disconnect(client, &end);
    pthread_mutex_lock(&mutex);
    while (!has_left) wait_for_change();
    pthread_mutex_unlock(&mutex);
    say("done");
    return 0;
}
