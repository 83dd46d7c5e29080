/* SPDX-License-Identifier: Apache-2.0
 * What the programs of the C clients share; common.py tells the arguments and what is printed. */

#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { expiry_seconds = 3600 };

/* The command line. */
struct arguments {
    bool receives;
    int port, version;
    const char *client_id, *topic;
    int count, window, size;
};

static struct arguments read_arguments(char **words, int word_count)
{
    if (word_count != 9) exit(2);
    return (struct arguments){
        strcmp(words[1], "receive") == 0, atoi(words[2]), atoi(words[3]), words[4], words[5],
        atoi(words[6]), atoi(words[7]), atoi(words[8]),
    };
}

/* Writes the payload of a message: its number, and bytes that follow from it. Returns its size. */
static int write_payload(unsigned char *bytes, int number, int size)
{
    int head = sprintf((char *)bytes, "%d ", number);
    for (int index = head; index < size; index++) bytes[index] = (unsigned char)(number + index - head);
    return head > size ? head : size;
}

/* Room for a payload of this size. */
static unsigned char *payload_room(int size)
{
    unsigned char *bytes = malloc((size_t)size + 32);
    if (bytes == NULL) exit(2);
    return bytes;
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

/* Which messages have come. */
struct received {
    bool *have;
    int different;
};

static void take(struct received *received, const struct arguments *arguments, const void *bytes, int size)
{
    char digits[16] = {0};
    memcpy(digits, bytes, (size_t)(size < 15 ? size : 15));
    int number = atoi(digits);
    unsigned char *expected = payload_room(arguments->size);
    int expected_size = write_payload(expected, number, arguments->size);
    bool is_good = size == expected_size && memcmp(expected, bytes, (size_t)size) == 0;
    free(expected);
    printf(is_good ? "%d\n" : "%d bad\n", number);
    fflush(stdout);
    if (number < 0 || number >= arguments->count || received->have[number]) return;
    received->have[number] = true;
    received->different++;
}

static struct received nothing_received(const struct arguments *arguments)
{
    struct received received = {calloc((size_t)arguments->count, sizeof(bool)), 0};
    if (received.have == NULL) exit(2);
    return received;
}

#endif
