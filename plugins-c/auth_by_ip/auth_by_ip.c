/* SPDX-License-Identifier: Apache-2.0 */
/* Lets in the clients whose address is listed by plugin_opt_allow, and nobody else. */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <stdlib.h>
#include <string.h>

/* A range of addresses: the first `bits` bits are compared. IPv4 is kept as IPv4. */
struct range {
    struct range *next;
    int family;
    unsigned bits;
    unsigned char address[16];
};

static mosquitto_plugin_id_t *self;
static struct range *ranges;

static unsigned bits_of(int family)
{
    return family == AF_INET ? 32 : 128;
}

/* Reads an address of either family. Returns the family or 0. */
static int parse_address(const char *text, unsigned char *address)
{
    if (inet_pton(AF_INET, text, address) == 1) {
        return AF_INET;
    }
    return inet_pton(AF_INET6, text, address) == 1 ? AF_INET6 : 0;
}

/* Adds a range written as ADDRESS or ADDRESS/BITS. */
static bool add_range(const char *text)
{
    char copy[64];
    char *slash;
    char *end;
    unsigned long bits;
    struct range *range = calloc(1, sizeof(*range));

    if (range == NULL || strlen(text) >= sizeof(copy)) {
        free(range);
        return false;
    }
    strcpy(copy, text);
    slash = strchr(copy, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    range->family = parse_address(copy, range->address);
    bits = bits_of(range->family);
    if (slash != NULL) {
        bits = strtoul(slash + 1, &end, 10);
        if (end == slash + 1 || *end != '\0') {
            range->family = 0;
        }
    }
    if (range->family == 0 || bits > bits_of(range->family)) {
        free(range);
        return false;
    }
    range->bits = (unsigned)bits;
    range->next = ranges;
    ranges = range;
    return true;
}

static bool contains(const struct range *range, int family, const unsigned char *address)
{
    unsigned whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    unsigned char mask = (unsigned char)(0xFF00 >> rest);

    return range->family == family && memcmp(range->address, address, whole) == 0
        && (rest == 0 || ((range->address[whole] ^ address[whole]) & mask) == 0);
}

static int on_basic_auth(int event, void *event_data, void *userdata)
{
    struct mosquitto_evt_basic_auth *data = event_data;
    const char *text = mosquitto_client_address(data->client);
    unsigned char address[16];
    const struct range *range;
    int family = text != NULL ? parse_address(text, address) : 0;

    (void)event;
    (void)userdata;
    for (range = ranges; family != 0 && range != NULL; range = range->next) {
        if (contains(range, family, address)) {
            return MOSQ_ERR_SUCCESS;
        }
    }
    return MOSQ_ERR_AUTH;
}

static void forget_ranges(void)
{
    while (ranges != NULL) {
        struct range *range = ranges;

        ranges = range->next;
        free(range);
    }
}

MOSQUITTO_PLUGIN_DECLARE_VERSION(5)

int mosquitto_plugin_init(
    mosquitto_plugin_id_t *identifier, void **userdata, struct mosquitto_opt *options, int count)
{
    int i;

    (void)userdata;
    for (i = 0; i < count; i++) {
        if (strcmp(options[i].key, "allow") == 0 && !add_range(options[i].value)) {
            mosquitto_log_printf(
                MOSQ_LOG_ERR, "auth_by_ip: not an address: %s", options[i].value);
            forget_ranges();
            return MOSQ_ERR_INVAL;
        }
    }
    self = identifier;
    return mosquitto_callback_register(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL, NULL);
}

int mosquitto_plugin_cleanup(void *userdata, struct mosquitto_opt *options, int count)
{
    (void)userdata;
    (void)options;
    (void)count;
    mosquitto_callback_unregister(self, MOSQ_EVT_BASIC_AUTH, on_basic_auth, NULL);
    forget_ranges();
    return MOSQ_ERR_SUCCESS;
}
