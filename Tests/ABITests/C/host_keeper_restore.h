/* SPDX-License-Identifier: Apache-2.0 */
/* Part of host_keeper.c: reads its journal and gives back what of that is still true. */
/* ---- Restoring: the lines that are still true, in the order they were written. */

struct line {
    struct line *next;
    char *text;
    char *fields[FIELDS_MAX];
    int count;
};

static struct line *first;
static struct line **last = &first;

static char *unhex(const char *field, size_t *count)
{
    char *bytes;
    size_t length;

    *count = 0;
    if (field == NULL || field[0] == '-') {
        return NULL;
    }
    length = strlen(field + 1) / 2;
    bytes = mosquitto_malloc(length + 1);
    for (size_t i = 0; i < length; i++) {
        unsigned int byte;
        sscanf(field + 1 + 2 * i, "%2x", &byte);
        bytes[i] = (char)byte;
    }
    bytes[length] = '\0';
    *count = length;
    return bytes;
}

static char *unhex_text(const char *field)
{
    size_t count;

    return unhex(field, &count);
}

static unsigned long long number(const struct line *line, int field)
{
    return strtoull(line->fields[field], NULL, 10);
}

static int is_same(const struct line *one, const struct line *other, int from, int to)
{
    for (int i = from; i <= to; i++) {
        if (strcmp(one->fields[i], other->fields[i]) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Removes what a line ends or replaces: lines of a kind with the same fields. */
static void forget(const struct line *line, const char *kind, int from, int to)
{
    for (struct line **place = &first; *place != NULL;) {
        struct line *known = *place;
        if (strcmp(known->fields[0], kind) == 0 && is_same(known, line, from, to)) {
            *place = known->next;
            if (last == &known->next) {
                last = place;
            }
            free(known->text);
            free(known);
        } else {
            place = &known->next;
        }
    }
}

static struct line *find_message(const struct line *line)
{
    for (struct line *known = first; known != NULL; known = known->next) {
        if (strcmp(known->fields[0], "msg") == 0 && is_same(known, line, 1, 3)
            && strcmp(known->fields[8], line->fields[8]) == 0) {
            return known;
        }
    }
    return NULL;
}

static void take(struct line *line)
{
    const char *kind = line->fields[0];
    int is_kept = 1;

    if (strcmp(kind, "base-") == 0) {
        forget(line, "base", 1, 1);
        is_kept = 0;
    } else if (strcmp(kind, "retain") == 0 || strcmp(kind, "retain-") == 0) {
        forget(line, "retain", 1, 1);
        is_kept = kind[6] == '\0';
    } else if (strcmp(kind, "client") == 0) {
        forget(line, "client", 1, 1);
    } else if (strcmp(kind, "client-") == 0) {
        forget(line, "client", 1, 1);
        forget(line, "sub", 1, 1);
        forget(line, "msg", 1, 1);
        is_kept = 0;
    } else if (strcmp(kind, "sub") == 0 || strcmp(kind, "sub-") == 0) {
        forget(line, "sub", 1, 2);
        is_kept = kind[3] == '\0';
    } else if (strcmp(kind, "msg=") == 0) {
        struct line *known = find_message(line);
        if (known != NULL) {
            known->fields[4] = strdup(line->fields[4]);
            known->fields[7] = strdup(line->fields[7]);
            known->fields[9] = strdup(line->fields[9]);
        }
        is_kept = 0;
    } else if (strcmp(kind, "msg-") == 0) {
        struct line *known = find_message(line);
        if (known != NULL) {
            known->fields[0] = "over";
        }
        is_kept = 0;
    } else if (strcmp(kind, "will") == 0 || strcmp(kind, "will-") == 0) {
        forget(line, "will", 1, 1);
        is_kept = kind[4] == '\0';
    }
    if (is_kept) {
        *last = line;
        last = &line->next;
    }
}

static void read_journal(void)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t size = 0;

    while (file != NULL && getline(&text, &size, file) > 0) {
        struct line *line = calloc(1, sizeof(*line));
        char *rest;
        if (text[strlen(text) - 1] != '\n') {
            break;
        }
        line->text = strdup(text);
        for (char *field = strtok_r(line->text, " \n", &rest); field != NULL && line->count < FIELDS_MAX;
             field = strtok_r(NULL, " \n", &rest)) {
            line->fields[line->count++] = field;
        }
        take(line);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(text);
}

static int results[20];

static void note(int code)
{
    results[code >= 0 && code < 20 ? code : 19]++;
}

static mosquitto_property *properties(const char *field)
{
    mosquitto_property *list = NULL;
    char *type = unhex_text(field);

    if (type != NULL) {
        mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, type);
    }
    mosquitto_free(type);
    return list;
}

static void give_base(const struct line *line)
{
    struct mosquitto_base_msg msg = {0};
    size_t count;

    msg.store_id = number(line, 1);
    msg.expiry_time = (int64_t)number(line, 2);
    msg.topic = unhex_text(line->fields[3]);
    msg.payload = unhex(line->fields[4], &count);
    msg.payloadlen = (uint32_t)count;
    msg.source_id = unhex_text(line->fields[5]);
    msg.source_username = unhex_text(line->fields[6]);
    msg.source_port = (uint16_t)number(line, 7);
    msg.qos = (uint8_t)number(line, 8);
    msg.retain = number(line, 9) != 0;
    msg.properties = properties(line->fields[10]);
    note(mosquitto_persist_base_msg_add(&msg));
    mosquitto_free(msg.source_id);
    mosquitto_free(msg.source_username);
}

static void give_retained(const struct line *line)
{
    char *topic = unhex_text(line->fields[1]);

    note(mosquitto_persist_retain_msg_set(topic, number(line, 2)));
    mosquitto_free(topic);
}

static void give_client(const struct line *line)
{
    struct mosquitto_client client = {0};

    client.clientid = unhex_text(line->fields[1]);
    client.username = unhex_text(line->fields[2]);
    client.will_delay_time = (time_t)number(line, 3);
    client.session_expiry_time = (time_t)number(line, 4);
    client.will_delay_interval = (uint32_t)number(line, 5);
    client.session_expiry_interval = (uint32_t)number(line, 6);
    client.listener_port = (uint16_t)number(line, 7);
    note(mosquitto_persist_client_add(&client));
}

static void give_subscription(const struct line *line)
{
    struct mosquitto_subscription sub = {0};

    sub.clientid = unhex_text(line->fields[1]);
    sub.topic_filter = unhex_text(line->fields[2]);
    sub.identifier = (uint32_t)number(line, 3);
    sub.options = (uint8_t)number(line, 4);
    note(mosquitto_subscription_add(&sub));
    mosquitto_free(sub.clientid);
    mosquitto_free(sub.topic_filter);
}

static void give_message(const struct line *line)
{
    struct mosquitto_client_msg msg = {0};
    char *id = unhex_text(line->fields[1]);

    msg.clientid = id;
    msg.store_id = number(line, 2);
    msg.cmsg_id = number(line, 3);
    msg.mid = (uint16_t)number(line, 4);
    msg.qos = (uint8_t)number(line, 5);
    msg.retain = number(line, 6) != 0;
    msg.dup = (uint8_t)number(line, 7);
    msg.direction = (uint8_t)number(line, 8);
    msg.state = (uint8_t)number(line, 9);
    msg.subscription_identifier = (uint32_t)number(line, 10);
    note(mosquitto_persist_client_msg_add(&msg));
    mosquitto_free(id);
}

/* Whether the client of a will was connected when the journal ended: nobody else publishes that. */
static int is_due(const struct line *will)
{
    for (struct line *known = first; known != NULL; known = known->next) {
        if (strcmp(known->fields[0], "client") == 0 && is_same(known, will, 1, 1)) {
            return number(known, 4) == 0 && number(known, 5) == 0;
        }
    }
    return 1;
}

static void give_will(const struct line *line)
{
    size_t count;
    char *id = unhex_text(line->fields[1]);
    char *topic = unhex_text(line->fields[2]);
    char *payload = unhex(line->fields[3], &count);
    int qos = (int)number(line, 4);
    int retain = number(line, 5) != 0;
    int code = mosquitto_client_will_set(
        id, topic, (int)count, payload, qos, retain, properties(line->fields[6]));

    if (code != MOSQ_ERR_NOT_FOUND) {
        note(code);
    } else {
        /* Who had no session is forgotten with its will. */
        char *text;
        char *end = append_text(begin_line(&text, "will-", 200000), id);
        write_line(text, end);
        free(text);
    }
    if (is_due(line)) {
        note(mosquitto_broker_publish_copy(
            NULL, topic, (int)count, payload, qos, retain, properties(line->fields[6])));
    }
    mosquitto_free(id);
    mosquitto_free(topic);
    mosquitto_free(payload);
}

static void give(const char *kind, void (*one)(const struct line *))
{
    int count = 0;

    for (struct line *line = first; line != NULL; line = line->next) {
        if (strcmp(line->fields[0], kind) == 0) {
            one(line);
            count++;
        }
    }
    RECORD("restored %s %d", kind, count);
}

static int on_restore(int event, void *event_data, void *userdata)
{
    (void)event;
    (void)event_data;
    (void)userdata;
    RECORD("restore");
    if (path == NULL) {
        return MOSQ_ERR_SUCCESS;
    }
    read_journal();
    give("base", give_base);
    give("retain", give_retained);
    give("client", give_client);
    give("sub", give_subscription);
    give("msg", give_message);
    give("will", give_will);
    RECORD(
        "results success=%d wrong=%d unknown=%d missing=%d",
        results[0],
        results[MOSQ_ERR_INVAL],
        results[MOSQ_ERR_UNKNOWN],
        results[MOSQ_ERR_NOT_FOUND]);
    return MOSQ_ERR_SUCCESS;
}
