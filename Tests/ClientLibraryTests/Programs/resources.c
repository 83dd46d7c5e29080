/* SPDX-License-Identifier: Apache-2.0 */
/* What clients take of the system, and give back: descriptors above 1024, none for programs that are started, none left
   behind; no threads; no signal. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "script.h"

static int connects, disconnects, publishes;

static void on_connect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data;
    EXPECT(rc == 0);
    connects++;
}

static void on_disconnect(struct mosquitto *client, void *data, int rc)
{
    (void)client, (void)data, (void)rc;
    disconnects++;
}

static void on_publish(struct mosquitto *client, void *data, int mid)
{
    (void)client, (void)data, (void)mid;
    publishes++;
}

static struct mosquitto *begin_client(void)
{
    struct mosquitto *client = new_client(NULL, NULL);

    connects = disconnects = publishes = 0;
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_disconnect_callback_set(client, on_disconnect);
    mosquitto_publish_callback_set(client, on_publish);
    return client;
}

static void connect_to_broker(struct mosquitto *client)
{
    int wanted = connects + 1;

    DO(mosquitto_connect(client, host, port, 60));
    while (connects < wanted) DO(mosquitto_loop(client, 1000, 1));
}

/* The entries of a folder. */
static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    EXPECT(folder != NULL);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

static void no_descriptor_is_left(void)
{
    enum { MANY = 1000, CONNECTED = 200 };
    static struct mosquitto *clients[MANY];
    int round, i, descriptors = 0, threads = 0;

    /* The first round brings what is there once for all handles. */
    for (round = 0; round < 3; round++) {
        for (i = 0; i < MANY; i++) clients[i] = begin_client();
        for (i = 0; i < CONNECTED; i++) DO(mosquitto_connect(clients[i], host, port, 60));
        for (i = 0; i < CONNECTED; i++) DO(mosquitto_loop(clients[i], 100, 1));
        if (round < 2) {
            for (i = 0; i < 100; i++) DO(mosquitto_loop_start(clients[i]));
            EXPECT(count_entries("/proc/self/task") >= 100);
        }
        /* Some end what they have, and never look at it again. */
        for (i = 100; i < 200; i++) DO(mosquitto_disconnect(clients[i]));
        for (i = 0; i < MANY; i++) mosquitto_destroy(clients[i]);
        if (round == 0) {
            descriptors = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
        }
    }
    EXPECT(count_entries("/proc/self/fd") == descriptors);
    /* A thread that was joined is listed for a moment more. */
    for (i = 0; i < 100 && count_entries("/proc/self/task") != threads; i++) poll(NULL, 0, 10);
    EXPECT(count_entries("/proc/self/task") == threads);
    puts("nothing is left");
}

static void high_descriptors(void)
{
    struct mosquitto *client;
    int i, mid;

    for (i = 0; i < 1100; i++) EXPECT(open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    client = begin_client();
    connect_to_broker(client);
    EXPECT(mosquitto_socket(client) > 1024);
    DO(mosquitto_publish(client, &mid, "resources/a", 1, "x", 1, false));
    while (publishes == 0) {
        struct pollfd entry = {mosquitto_socket(client), POLLIN, 0};

        EXPECT(poll(&entry, 1, 1000) == 1);
        DO(mosquitto_loop_read(client, 1));
        DO(mosquitto_loop_write(client, 1));
        DO(mosquitto_loop_misc(client));
    }
    DO(mosquitto_publish(client, &mid, "resources/a", 1, "x", 2, false));
    while (publishes == 1) DO(mosquitto_loop(client, 1000, 1));
    mosquitto_destroy(client);
    for (i = 3; i < 1200; i++) close(i);
    puts("descriptors above 1024 are good");
}

/* What a program that is started finds open. */
static void nothing_is_inherited(void)
{
    struct mosquitto *client = begin_client();
    char line[256];
    FILE *list;

    connect_to_broker(client);
    DO(mosquitto_loop_start(client));
    list = popen("ls -l /proc/self/fd", "r");
    EXPECT(list != NULL);
    while (fgets(line, sizeof line, list)) {
        if (strstr(line, "socket:") || strstr(line, "anon_inode")) printf("inherited: %s", line);
    }
    pclose(list);
    DO(mosquitto_loop_stop(client, false));
    mosquitto_destroy(client);
}

/* A child that has let the handle alone takes nothing from its parent. */
static void a_child_ends(void)
{
    struct mosquitto *client = begin_client();
    pid_t child;
    int status, mid;

    connect_to_broker(client);
    child = fork();
    EXPECT(child >= 0);
    if (child == 0) _exit(7);
    EXPECT(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    DO(mosquitto_publish(client, &mid, "resources/a", 1, "x", 1, false));
    while (publishes == 0) DO(mosquitto_loop(client, 1000, 1));
    EXPECT(disconnects == 0);
    mosquitto_destroy(client);
}

/* The peer is gone: no SIGPIPE, which would end the program, and the handling of it is nobody's but the program's. */
static void no_signal(void)
{
    struct mosquitto *client = begin_client();
    struct linger hard = {1, 0};
    struct sigaction handling;
    int i;

    script_open();
    DO(mosquitto_connect(client, "127.0.0.1", script_port, 60));
    script_accept(client);
    script_say(CONNACK311);
    while (connects == 0) DO(mosquitto_loop(client, 100, 1));
    EXPECT(setsockopt(script_peer, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
    script_cut();
    for (i = 0; i < 10; i++) mosquitto_publish(client, NULL, "a", 1, "x", i % 3, false);
    while (disconnects == 0) mosquitto_loop(client, 10, 1);
    EXPECT(mosquitto_publish(client, NULL, "a", 1, "x", 0, false) == MOSQ_ERR_NO_CONN);
    EXPECT(sigaction(SIGPIPE, NULL, &handling) == 0 && handling.sa_handler == SIG_DFL);
    mosquitto_destroy(client);
    puts("no signal");
}

int main(int argc, char *argv[])
{
    struct rlimit limit = {8192, 8192};

    begin(argc, argv);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
    EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 4096);
    no_descriptor_is_left();
    high_descriptors();
    nothing_is_inherited();
    a_child_ends();
    no_signal();
    return end();
}
