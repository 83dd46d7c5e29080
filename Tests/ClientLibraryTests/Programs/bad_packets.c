/* SPDX-License-Identifier: Apache-2.0 */
/* What a server sends that it may not, and oddities that are taken: what the loop returns, what the program is told,
   what the server hears. */
#include "script.h"

/* What happens when a server sends something. */
struct row {
    int version;
    /* In the place of CONNACK, or behind one. */
    const char *first, *then;
    /* What the loop returns and on_disconnect is told; -1 for a connection that lives on. */
    int result, told;
    /* What the client sends; NULL: whatever it likes. */
    const char *answer;
};

enum { STAYS = -1, V3 = 4, V31 = 3, V5 = 5 };

/* A message to "end", after which nothing can be wrong any more. */
#define MARK311 "3005 0003 656e64"
#define MARK5 "3006 0003 656e64 00"

static const struct row rows[] = {
    /* CONNACK */
    {V3, "2002 0200", NULL, 2, 2, ""},
    {V3, "2002 0100", NULL, 2, 2, ""},
    {V3, "2002 0005", NULL, 5, 5, ""},
    {V3, "2002 0003", NULL, 5, 5, ""},
    {V3, "3003 0001 61", NULL, 2, 2, ""},
    {V3, "4002 0001", NULL, 2, 2, ""},
    {V3, "d000", NULL, 2, 2, ""},
    {V3, CONNACK311, CONNACK311, 2, 2, ""},
    {V5, "2003 0087 00", NULL, 2, 2, NULL},
    {V5, "2002 0001", NULL, 2, 2, NULL},
    {V5, "2003 0100 00", NULL, 2, 2, NULL},
    /* Identifiers, flags, lengths */
    {V3, CONNACK311, "4002 0000", 2, 2, ""},
    {V3, CONNACK311, "5002 0000", 2, 2, ""},
    {V3, CONNACK311, "6202 0000", 2, 2, ""},
    {V3, CONNACK311, "7002 0000", 2, 2, ""},
    {V3, CONNACK311, "b002 0000", 2, 2, ""},
    {V3, CONNACK311, "9003 0000 00", 2, 2, ""},
    {V3, CONNACK311, "9002 0001", 2, 2, ""},
    {V3, CONNACK311, "4102 0001", 21, 21, ""},
    {V3, CONNACK311, "5102 0001", 21, 21, ""},
    {V3, CONNACK311, "6002 0001", 21, 21, ""},
    {V3, CONNACK311, "7102 0001", 21, 21, ""},
    {V3, CONNACK311, "9103 0001 00", 21, 21, ""},
    {V3, CONNACK311, "b102 0001", 21, 21, ""},
    {V3, CONNACK311, "4003 0001 00", 21, 21, ""},
    {V3, CONNACK311, "5003 0001 00", 21, 21, ""},
    {V3, CONNACK311, "6203 0001 00", 21, 21, ""},
    {V3, CONNACK311, "7003 0001 00", 21, 21, ""},
    {V3, CONNACK311, "4001 00", 21, 21, ""},
    {V31, CONNACK311, "6002 0005", STAYS, 0, "7002 0005"},
    /* PUBLISH */
    {V3, CONNACK311, "3605 0001 61 0001", 2, 2, ""},
    {V3, CONNACK311, "3002 0000", 2, 2, ""},
    {V3, CONNACK311, "3003 0001 23", 21, 21, ""},
    {V3, CONNACK311, "3003 0001 2b", 21, 21, ""},
    {V3, CONNACK311, "3205 0001 61 0000", 2, 2, ""},
    {V3, CONNACK311, "3003 0001 ff", 18, 18, ""},
    {V3, CONNACK311, "3003 0005 61", 21, 21, ""},
    /* What is not a server's */
    {V3, CONNACK311, "c000", 2, 2, ""},
    {V3, CONNACK311, "d001 00", 21, 21, ""},
    {V3, CONNACK311, "8206 0001 0001 61 00", 2, 2, ""},
    {V3, CONNACK311, "a205 0001 0001 61", 2, 2, ""},
    {V3, CONNACK311, CONNECT311, 2, 2, ""},
    {V3, CONNACK311, "0000", 2, 2, ""},
    {V3, CONNACK311, "e000", 2, 2, ""},
    {V3, CONNACK311, "f000", 2, 2, ""},
    {V3, CONNACK311, "30ff ffff ff01", 21, 21, ""},
    /* Oddities that are taken */
    {V3, CONNACK311, "4002 0005", STAYS, 0, ""},
    {V3, CONNACK311, "7002 0005", STAYS, 0, ""},
    {V3, CONNACK311, "b002 0005", STAYS, 0, ""},
    {V3, CONNACK311, "9003 0005 01", STAYS, 0, ""},
    {V3, CONNACK311, "d000", STAYS, 0, ""},
    {V3, CONNACK311, "5002 0005", STAYS, 0, "6202 0005"},
    {V3, CONNACK311, "6202 0005", STAYS, 0, "7002 0005"},
    {V3, CONNACK311, "3803 0001 61", STAYS, 0, ""},
    {V5, "2004 0000 00 00", NULL, STAYS, 0, ""},
    {V5, CONNACK5, "b003 0005 00", STAYS, 0, ""},
    {V5, CONNACK5, "b004 0005 00 ff", STAYS, 0, ""},
    {V5, CONNACK5, "4003 0005 10", STAYS, 0, ""},
    {V5, CONNACK5, "5003 0005 80", STAYS, 0, ""},
    {V5, CONNACK5, "7004 0005 92 00", STAYS, 0, ""},
    {V5, CONNACK5, "3009 0001 61 05 2600000000", STAYS, 0, ""},
    /* 5.0 */
    {V5, CONNACK5, "e000", 0, 0, ""},
    {V5, CONNACK5, "e001 8e", 0, 0x8e, ""},
    {V5, CONNACK5, "e002 9d 00", 0, 0x9d, ""},
    {V5, CONNACK5, "4003 0005 01", 2, 2, "e001 82"},
    {V5, CONNACK5, "5003 0005 92", 2, 2, "e001 82"},
    {V5, CONNACK5, "6203 0005 80", 2, 2, "e001 82"},
    {V5, CONNACK5, "7003 0005 80", 2, 2, "e001 82"},
    {V5, CONNACK5, "4102 0001", 21, 21, "e001 81"},
    {V5, CONNACK5, "4005 0001 00 00 00", 21, 21, "e001 81"},
    {V5, CONNACK5, "3004 0001 23 00", 21, 21, "e001 81"},
    {V5, CONNACK5, "3006 0001 61 02 0b00", 2, 2, "e001 82"},
    {V5, CONNACK5, "3006 0000 03 230001", 148, 148, "e001 94"},
    {V5, CONNACK5, "c000", 2, 2, "e001 82"},
    {V5, CONNACK5, "30ff ffff ff01", 21, 21, "e001 81"},
};

static int told, connected;
static bool is_marked;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    connected = rc;
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    EXPECT(told == -1);
    told = rc;
}

static void on_message(
    struct mosquitto *client, void *data, const struct mosquitto_message *message)
{
    (void)client, (void)data;
    if (strcmp(message->topic, "end") == 0) is_marked = true;
}

static void hear_rest(const struct row *row, int number, struct mosquitto *client)
{
    unsigned char expected[64], found[64];
    size_t count = row->answer ? script_bytes(row->answer, expected) : 0, read;

    read = script_read(client, found, row->result == STAYS ? count : sizeof found);
    if (row->answer && (read != count || memcmp(expected, found, count) != 0)) {
        size_t i;

        printf("row %d (%s): answer is", number, row->then ? row->then : row->first);
        for (i = 0; i < read; i++) printf(" %02x", found[i]);
        printf("\n");
    }
}

static void try_row(const struct row *row, int number)
{
    const char *what = row->then ? row->then : row->first;
    struct mosquitto *client = new_client("c", NULL);
    long until;

    told = -1, connected = -1, is_marked = false, script_result = 0;
    DO(mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, row->version));
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_message_callback_set(client, on_message);
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    if (row->version != V31) {
        HEAR(client, row->version == V5 ? CONNECT5 : CONNECT311);
    } else {
        HEAR(client, "100f 0006 4d5149736470 03 02 003c 0001 63");
    }
    script_say(row->first);
    if (row->then) script_say(row->then);
    if (row->result == STAYS) script_say(row->version == V5 ? MARK5 : MARK311);
    hear_rest(row, number, client);
    until = script_now() + 3000;
    if (row->result == STAYS) {
        while (!is_marked && script_now() < until && told == -1) script_turn(client, 10);
        if (!is_marked) printf("row %d (%s) ended: %d, %d\n", number, what, script_result, told);
    } else {
        while (told == -1 && script_now() < until) script_turn(client, 10);
        if (script_result == MOSQ_ERR_NO_CONN) script_result = 0;
        if (script_result != row->result || told != row->told)
            printf("row %d (%s): loop %d instead of %d, on_disconnect %d instead of %d\n", number,
                   what, script_result, row->result, told, row->told);
        EXPECT(mosquitto_loop(client, 0, 1) == MOSQ_ERR_NO_CONN);
    }
    mosquitto_destroy(client);
}

int main(int argc, char *argv[])
{
    size_t i;

    begin(argc, argv);
    script_open();
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) try_row(&rows[i], (int)i);
    return end();
}
