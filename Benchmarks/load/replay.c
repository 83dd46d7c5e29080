/* SPDX-License-Identifier: Apache-2.0 */
/* Does with SQLite what tape.c has written down, in so many transactions: replay DATABASE TAPE TRANSACTIONS. The database has the
   tables of the plugin and no rows. Prints the statements that were run, the transactions, and the microseconds of CPU for
   each statement. */
#include "tape.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *database;

static void fail(const char *what)
{
    fprintf(stderr, "replay: %s: %s\n", what, database != NULL ? sqlite3_errmsg(database) : "");
    exit(1);
}

static void run(const char *text)
{
    if (sqlite3_exec(database, text, NULL, NULL, NULL) != SQLITE_OK) {
        fail(text);
    }
}

static sqlite3_stmt *prepare(const char *text)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
        fail(text);
    }
    return statement;
}

#define ENTRY "client_id=?1 AND store_id=?2 AND direction=?3 AND (direction=0 OR cmsg_id IS NULL OR cmsg_id=?4)"

static sqlite3_stmt *statements[TAPE_KINDS];

static void prepare_all(void)
{
    statements[TAPE_MESSAGE_ADD] = prepare(
        "INSERT INTO base_msgs(store_id, expiry_time, topic, payload, source_id, source_username, payloadlen,"
        " source_mid, source_port, qos, retain, properties) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)");
    statements[TAPE_MESSAGE_DELETE] = prepare("DELETE FROM base_msgs WHERE store_id=?1");
    statements[TAPE_DELIVERY_ADD] = prepare(
        "INSERT INTO client_msgs(client_id, cmsg_id, store_id, dup, direction, mid, qos, retain, state,"
        " subscription_identifier) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");
    statements[TAPE_DELIVERY_UPDATE] = prepare("UPDATE client_msgs SET state=?5, dup=?6, mid=?7 WHERE " ENTRY);
    statements[TAPE_DELIVERY_DELETE] = prepare("DELETE FROM client_msgs WHERE " ENTRY);
}

static void bind_text(sqlite3_stmt *statement, int place, const char *text, uint32_t length)
{
    if (length == TAPE_NULL) {
        sqlite3_bind_null(statement, place);
    } else {
        sqlite3_bind_text(statement, place, text, (int)length, SQLITE_STATIC);
    }
}

static void bind(sqlite3_stmt *statement, const struct tape_step *step, const char *texts[])
{
    const int64_t *numbers = step->numbers;

    switch (step->kind) {
    case TAPE_MESSAGE_ADD:
        sqlite3_bind_int64(statement, 1, numbers[0]);
        sqlite3_bind_int64(statement, 2, numbers[1]);
        bind_text(statement, 3, texts[0], step->lengths[0]);
        if (step->lengths[1] == TAPE_NULL) {
            sqlite3_bind_null(statement, 4);
        } else {
            sqlite3_bind_blob(statement, 4, texts[1], (int)step->lengths[1], SQLITE_STATIC);
        }
        bind_text(statement, 5, texts[2], step->lengths[2]);
        bind_text(statement, 6, texts[3], step->lengths[3]);
        for (int i = 2; i <= 6; i++) {
            sqlite3_bind_int64(statement, 5 + i, numbers[i]);
        }
        sqlite3_bind_null(statement, 12);
        break;
    case TAPE_MESSAGE_DELETE:
        sqlite3_bind_int64(statement, 1, numbers[0]);
        break;
    case TAPE_DELIVERY_ADD:
        bind_text(statement, 1, texts[0], step->lengths[0]);
        for (int i = 0; i < 9; i++) {
            sqlite3_bind_int64(statement, 2 + i, numbers[i]);
        }
        break;
    default:
        bind_text(statement, 1, texts[0], step->lengths[0]);
        sqlite3_bind_int64(statement, 2, numbers[1]);
        sqlite3_bind_int64(statement, 3, numbers[3]);
        sqlite3_bind_int64(statement, 4, numbers[0]);
        if (step->kind == TAPE_DELIVERY_UPDATE) {
            sqlite3_bind_int64(statement, 5, numbers[7]);
            sqlite3_bind_int64(statement, 6, numbers[2]);
            sqlite3_bind_int64(statement, 7, numbers[4]);
        }
    }
}

static char *read_all(const char *path, size_t *size)
{
    FILE *file = fopen(path, "r");
    char *bytes;

    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fail(path);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    bytes = malloc(*size + 1);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
        fail(path);
    }
    fclose(file);
    return bytes;
}

static double processor_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads a step off the tape; 0 at its end. */
static int take(const char *bytes, size_t size, size_t *offset, struct tape_step *step, const char *texts[])
{
    if (*offset + sizeof(*step) > size) {
        return 0;
    }
    memcpy(step, bytes + *offset, sizeof(*step));
    *offset += sizeof(*step);
    for (int i = 0; i < TAPE_TEXTS; i++) {
        texts[i] = bytes + *offset;
        *offset += step->lengths[i] != TAPE_NULL ? step->lengths[i] : 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    struct tape_step step;
    const char *texts[TAPE_TEXTS];
    size_t size, offset = 0;
    long total = 0, count = 0, commits = 0;
    long wanted = argc == 4 ? atol(argv[3]) : 0;
    char *bytes;
    double began;

    if (wanted < 1) {
        fputs("usage: replay DATABASE TAPE TRANSACTIONS\n", stderr);
        return 2;
    }
    bytes = read_all(argv[2], &size);
    while (take(bytes, size, &offset, &step, texts)) {
        total++;
    }
    if (sqlite3_open_v2(argv[1], &database, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        fail(argv[1]);
    }
    run("PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA synchronous=1;");
    prepare_all();
    run("BEGIN;");
    offset = 0;
    began = processor_seconds();
    while (take(bytes, size, &offset, &step, texts)) {
        bind(statements[step.kind], &step, texts);
        if (sqlite3_step(statements[step.kind]) != SQLITE_DONE) {
            fail("step");
        }
        sqlite3_reset(statements[step.kind]);
        count++;
        if (count * wanted / total > commits) {
            run("END;");
            commits++;
            run("BEGIN;");
        }
    }
    run("END;");
    printf("%ld %ld %.3f\n", count, commits, (processor_seconds() - began) / (double)(count != 0 ? count : 1) * 1e6);
    return 0;
}
