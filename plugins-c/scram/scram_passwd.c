/* SPDX-License-Identifier: Apache-2.0 */
/* Adds a user to a credential file, changes a password, or removes a user, in one step. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "credentials.h"
#include "prepare.h"

enum { PASSWORD_MAX = 1024 };

/* What the command line asks for. */
struct request {
    const char *path;
    const char *username;
    const char *password;
    /* NULL for all. */
    const struct mechanism *mechanism;
    int iterations;
    bool is_removal;
};

/* Prints how the program is called, and ends it with that status. */
static void usage(FILE *output, int status)
{
    fputs(
        "usage: scram_passwd [-m MECHANISM] [-i ITERATIONS] FILE USER [PASSWORD]\n"
        "       scram_passwd -D FILE USER\n"
        "Adds USER to FILE, which is made if need be, or sets a new password; -D removes USER.\n"
        "MECHANISM is SCRAM-SHA-256 or SCRAM-SHA-512; without -m the user gets both.\n"
        "Without PASSWORD it is asked for, or read from standard input.\n"
        "--help, wherever it stands, prints this and changes nothing. See scram_passwd(1).\n",
        output);
    exit(status);
}

static struct request parse_arguments(int argc, char **argv)
{
    struct request request = {NULL, NULL, NULL, NULL, ITERATIONS_DEFAULT, false};
    int option;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout, 0);
        }
    }
    while ((option = getopt(argc, argv, "m:i:D")) != -1) {
        if (option == 'm') {
            request.mechanism = find_mechanism(optarg, strlen(optarg));
            if (request.mechanism == NULL) {
                usage(stderr, 1);
            }
        } else if (option == 'i') {
            request.iterations = atoi(optarg);
            if (request.iterations < ITERATIONS_MIN || request.iterations > ITERATIONS_MAX) {
                fprintf(stderr, "ITERATIONS: %d to %d\n", ITERATIONS_MIN, ITERATIONS_MAX);
                exit(1);
            }
        } else if (option == 'D') {
            request.is_removal = true;
        } else {
            usage(stderr, 1);
        }
    }
    if (argc - optind < 2 || argc - optind > (request.is_removal ? 2 : 3)) {
        usage(stderr, 1);
    }
    request.path = argv[optind];
    request.username = argv[optind + 1];
    request.password = argv[optind + 2];
    return request;
}

/* Reads one line without its newline, unseen when standard input is a terminal. */
static bool read_secret(const char *prompt, char *out)
{
    struct termios saved;
    bool is_terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
    bool is_read;

    if (is_terminal) {
        struct termios silent = saved;

        silent.c_lflag &= ~(tcflag_t)ECHO;
        fputs(prompt, stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    is_read = fgets(out, PASSWORD_MAX, stdin) != NULL;
    if (is_terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    if (is_read) {
        out[strcspn(out, "\r\n")] = '\0';
    }
    return is_read;
}

/* Gets the prepared password. Returns NULL or what is wrong. */
static const char *get_password(const struct request *request, char *out)
{
    char typed[PASSWORD_MAX];
    char again[PASSWORD_MAX];
    const char *failure = NULL;

    if (request->password != NULL) {
        if (strlen(request->password) >= PASSWORD_MAX) {
            return "The password is too long.";
        }
        strcpy(typed, request->password);
    } else if (!read_secret("Password: ", typed)) {
        return "No password.";
    } else if (isatty(STDIN_FILENO)) {
        if (!read_secret("Reenter password: ", again) || strcmp(typed, again) != 0) {
            failure = "Passwords do not match.";
        }
        wipe(again, sizeof(again));
    }
    if (failure == NULL && !prepare(typed, strlen(typed), PREPARE_STORED, out, PASSWORD_MAX)) {
        failure = "The password is empty or has characters that SCRAM does not allow.";
    }
    wipe(typed, sizeof(typed));
    return failure;
}

/* Whether a line of the old file is one that the request replaces or removes. */
static bool is_replaced(const struct request *request, const char *line, size_t length)
{
    struct credential credential;
    bool is_same;

    if (length == 0 || line[0] == '#' || parse_credential(line, length, &credential) != NULL) {
        return false;
    }
    is_same = strcmp(credential.username, request->username) == 0
        && (request->mechanism == NULL || request->mechanism == credential.verifier.mechanism);
    free(credential.username);
    return is_same;
}

/* Writes a line that makes up salts for users who do not exist. */
static bool write_secret(FILE *out)
{
    unsigned char secret[SECRET_SIZE];
    char text[BASE64_SIZE(SECRET_SIZE)];

    if (!random_bytes(secret, sizeof(secret))) {
        return false;
    }
    base64_encode(secret, sizeof(secret), text);
    return fprintf(out, SECRET_PREFIX "%s\n", text) > 0;
}

/* Copies the old file but for what is replaced. Returns how many lines that were, -1 on failure. */
static int copy_lines(const struct request *request, FILE *old, FILE *out)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool has_secret = false;
    int replaced = 0;

    while (old != NULL && (length = getline(&line, &capacity, old)) >= 0) {
        size_t size = strcspn(line, "\r\n");

        has_secret |= strncmp(line, SECRET_PREFIX, strlen(SECRET_PREFIX)) == 0;
        if (is_replaced(request, line, size)) {
            replaced++;
        } else if (fprintf(out, "%.*s\n", (int)size, line) < 0) {
            replaced = -1;
            break;
        }
    }
    free(line);
    if (replaced >= 0 && !has_secret && !write_secret(out)) {
        replaced = -1;
    }
    return replaced;
}

/* Writes the lines of the user, one for each mechanism. */
static bool write_user(const struct request *request, const char *password, FILE *out)
{
    const struct mechanism *mechanism;
    struct credential credential;
    char line[CREDENTIAL_LINE_MAX];

    for (mechanism = mechanisms; mechanism->name != NULL; mechanism++) {
        struct verifier *verifier = &credential.verifier;

        if (request->mechanism != NULL && request->mechanism != mechanism) {
            continue;
        }
        credential.username = (char *)request->username;
        verifier->mechanism = mechanism;
        verifier->iterations = request->iterations;
        verifier->salt_size = SALT_SIZE;
        if (!random_bytes(verifier->salt, SALT_SIZE)
            || !derive_keys(
                mechanism, password, verifier->salt, SALT_SIZE, request->iterations,
                verifier->stored_key, verifier->server_key)) {
            return false;
        }
        print_credential(&credential, line);
        if (fprintf(out, "%s\n", line) < 0) {
            return false;
        }
    }
    return true;
}

/* Writes the new file beside the old one. Returns NULL or what is wrong. */
static const char *write_file(
    const struct request *request, const char *password, FILE *old, int descriptor)
{
    FILE *out = fdopen(descriptor, "w");
    struct stat status;
    const char *failure = NULL;
    int replaced;

    if (out == NULL) {
        close(descriptor);
        return strerror(errno);
    }
    /* The broker must be able to read it as before; who may not give files away keeps them. */
    if (old != NULL && fstat(fileno(old), &status) == 0
        && (fchmod(descriptor, status.st_mode & 07777) != 0
            || (fchown(descriptor, status.st_uid, status.st_gid) != 0 && errno != EPERM))) {
        failure = strerror(errno);
    }
    replaced = copy_lines(request, old, out);
    if (failure == NULL && replaced == 0 && request->is_removal) {
        failure = "There is no such user.";
    }
    if (failure == NULL
        && (replaced < 0 || (!request->is_removal && !write_user(request, password, out))
            || fflush(out) != 0 || fsync(descriptor) != 0)) {
        failure = "Unable to write the new file.";
    }
    if (fclose(out) != 0 && failure == NULL) {
        failure = strerror(errno);
    }
    return failure;
}

static const char *change(const struct request *request, const char *password)
{
    size_t size = strlen(request->path) + 5;
    char *new_path = malloc(size);
    FILE *old = fopen(request->path, "r");
    const char *failure = NULL;
    int descriptor;

    if (new_path == NULL) {
        failure = "Out of memory.";
    } else if (old == NULL && (errno != ENOENT || request->is_removal)) {
        failure = strerror(errno);
    } else {
        snprintf(new_path, size, "%s.new", request->path);
        /* Exclusive, so that two of us at a time do not undo each other's work. */
        descriptor = open(new_path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        failure =
            descriptor < 0 ? strerror(errno) : write_file(request, password, old, descriptor);
        if (failure == NULL && rename(new_path, request->path) != 0) {
            failure = strerror(errno);
        }
        if (failure != NULL && descriptor >= 0) {
            unlink(new_path);
        }
    }
    if (old != NULL) {
        fclose(old);
    }
    free(new_path);
    return failure;
}

int main(int argc, char **argv)
{
    struct request request = parse_arguments(argc, argv);
    char username[USERNAME_MAX + 1];
    char password[PASSWORD_MAX] = "";
    const char *failure;

    /* Normalisation may bring characters forth that mean something in the file. */
    if (strlen(request.username) > USERNAME_MAX
        || !prepare(
            request.username, strlen(request.username), PREPARE_STORED, username, sizeof(username))
        || username[0] == '#' || strchr(username, ':') != NULL) {
        fputs("The user name is empty or has characters that are not allowed.\n", stderr);
        return 1;
    }
    request.username = username;
    failure = request.is_removal ? NULL : get_password(&request, password);
    if (failure == NULL) {
        failure = change(&request, password);
    }
    wipe(password, sizeof(password));
    if (failure != NULL) {
        fprintf(stderr, "%s: %s\n", request.path, failure);
        return 1;
    }
    return 0;
}
