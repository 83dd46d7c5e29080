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
static bool is_lost, is_subscribed, is_unsubscribed, has_left;
static int connections, completed;
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

static void on_lost(void *context, char *cause)
{
    (void)context, (void)cause;
    set(&is_lost);
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

static void connect_failed(void *context, MQTTAsync_failureData *data)
{
    (void)context, (void)data;
    set(&is_lost);
}

static void connect_failed5(void *context, MQTTAsync_failureData5 *data)
{
    (void)context, (void)data;
    set(&is_lost);
}

static void sent(void *context, MQTTAsync_successData *data)
{
    (void)context, (void)data;
    count(&completed);
}

static void sent5(void *context, MQTTAsync_successData5 *data)
{
    (void)context, (void)data;
    count(&completed);
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

/* Waits a while for something to change; connects again when the connection has ended. */
static void wait_for_change(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 1;
    pthread_cond_timedwait(&changed, &mutex, &end);
    if (!is_lost) return;
    is_lost = false;
    pthread_mutex_unlock(&mutex);
    nanosleep(&(struct timespec){0, 20 * 1000 * 1000}, NULL);
    int result = MQTTAsync_reconnect(client);
    pthread_mutex_lock(&mutex);
    if (result != MQTTASYNC_SUCCESS) is_lost = true;
}

static MQTTAsync_responseOptions answer(bool *flag)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.context = flag;
    if (arguments.version == 5) options.onSuccess5 = flag == NULL ? sent5 : answered5;
    else options.onSuccess = flag == NULL ? sent : answered;
    return options;
}

static void publish(void)
{
    unsigned char *bytes = payload_room(arguments.size);
    for (int number = 0; number < arguments.count; number++) {
        MQTTAsync_message message = MQTTAsync_message_initializer;
        message.payloadlen = write_payload(bytes, number, arguments.size);
        message.payload = bytes;
        message.qos = 2;
        MQTTAsync_responseOptions options = answer(NULL);
        if (MQTTAsync_sendMessage(client, arguments.topic, &message, &options) != MQTTASYNC_SUCCESS) exit(5);
    }
    free(bytes);
    pthread_mutex_lock(&mutex);
    while (completed < arguments.count) wait_for_change();
    pthread_mutex_unlock(&mutex);
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
    options = answer(&is_unsubscribed);
    MQTTAsync_unsubscribe(client, "nothing", &options);
    pthread_mutex_lock(&mutex);
    while (!is_unsubscribed) wait_for_change();
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
        options.onFailure5 = connect_failed5;
    } else {
        options.MQTTVersion = MQTTVERSION_3_1_1;
        options.cleansession = 0;
        options.onFailure = connect_failed;
    }
    options.keepAliveInterval = 60;
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
    MQTTAsync_setCallbacks(client, NULL, on_lost, on_message, NULL);
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
