/* SPDX-License-Identifier: Apache-2.0 */
/* A persistence plugin that writes down what it is told of messages (option file PATH), for replay.c to do with SQLite. */
#include "tape.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdio.h>
#include <string.h>

static FILE *tape;

static void write_step(struct tape_step *step, const void *texts[TAPE_TEXTS])
{
    fwrite(step, sizeof(*step), 1, tape);
    for (int i = 0; i < TAPE_TEXTS; i++) {
        if (texts[i] != NULL) {
            fwrite(texts[i], 1, step->lengths[i], tape);
        }
    }
}

static void set_text(struct tape_step *step, const void *texts[], int place, const char *text)
{
    texts[place] = text;
    step->lengths[place] = text != NULL ? (uint32_t)strlen(text) : TAPE_NULL;
}

static int on_message(int event, void *event_data, void *userdata)
{
    const struct mosquitto_base_msg *msg = &((struct mosquitto_evt_persist_base_msg *)event_data)->data;
    struct tape_step step = {
        .kind = event == MOSQ_EVT_PERSIST_BASE_MSG_ADD ? TAPE_MESSAGE_ADD : TAPE_MESSAGE_DELETE,
        .numbers = {(int64_t)msg->store_id, msg->expiry_time, msg->payloadlen, msg->source_mid, msg->source_port, msg->qos,
            msg->retain},
    };
    const void *texts[TAPE_TEXTS] = {NULL};

    (void)userdata;
    set_text(&step, texts, 0, msg->topic);
    texts[1] = msg->payload;
    step.lengths[1] = msg->payload != NULL ? msg->payloadlen : TAPE_NULL;
    set_text(&step, texts, 2, msg->source_id);
    set_text(&step, texts, 3, msg->source_username);
    write_step(&step, texts);
    return MOSQ_ERR_SUCCESS;
}

static int on_delivery(int event, void *event_data, void *userdata)
{
    const struct mosquitto_client_msg *msg = &((struct mosquitto_evt_persist_client_msg *)event_data)->data;
    struct tape_step step = {
        .kind = event == MOSQ_EVT_PERSIST_CLIENT_MSG_ADD      ? TAPE_DELIVERY_ADD
            : event == MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE ? TAPE_DELIVERY_UPDATE
                                                          : TAPE_DELIVERY_DELETE,
        .numbers = {(int64_t)msg->cmsg_id, (int64_t)msg->store_id, msg->dup, msg->direction, msg->mid, msg->qos, msg->retain,
            msg->state, (int32_t)msg->subscription_identifier},
    };
    const void *texts[TAPE_TEXTS] = {NULL};

    (void)userdata;
    set_text(&step, texts, 0, msg->clientid);
    for (int i = 1; i < TAPE_TEXTS; i++) {
        step.lengths[i] = TAPE_NULL;
    }
    write_step(&step, texts);
    return MOSQ_ERR_SUCCESS;
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    static const struct {
        int event;
        MOSQ_FUNC_generic_callback function;
    } callbacks[] = {
        {MOSQ_EVT_PERSIST_BASE_MSG_ADD, on_message},
        {MOSQ_EVT_PERSIST_BASE_MSG_DELETE, on_message},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_ADD, on_delivery},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_UPDATE, on_delivery},
        {MOSQ_EVT_PERSIST_CLIENT_MSG_DELETE, on_delivery},
    };

    (void)userdata;
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].key, "file") == 0) {
            tape = fopen(options[i].value, "w");
        }
    }
    if (tape == NULL) {
        return MOSQ_ERR_INVAL;
    }
    for (size_t i = 0; i < sizeof(callbacks) / sizeof(callbacks[0]); i++) {
        int code = mosquitto_callback_register(identifier, callbacks[i].event, callbacks[i].function, NULL, NULL);
        if (code != MOSQ_ERR_SUCCESS) {
            return code;
        }
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    return fclose(tape) == 0 ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ERRNO;
}
