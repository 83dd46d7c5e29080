/* SPDX-License-Identifier: Apache-2.0 */
/* A class with the virtual functions of 2.0; it also runs when it was compiled for 2.0. */
#include <mosquittopp.h>

#include "program.h"

static_assert(sizeof(mosqpp::mosquittopp) == 16, "a pointer to the virtual functions, and the handle");

class Talker : public mosqpp::mosquittopp {
public:
    explicit Talker(const char *id) : mosquittopp(id), count(0), lines(0) {}

    void on_connect(int rc) override
    {
        printf("on_connect %d\n", rc);
        if (rc == 0) DO(subscribe(NULL, "class20/a", 1));
    }
    void on_connect_with_flags(int rc, int flags) override
    {
        printf("on_connect_with_flags %d %d\n", rc, flags);
    }
    void on_subscribe(int mid, int qos_count, const int *granted_qos) override
    {
        printf("on_subscribe %d: %d of %d\n", mid, granted_qos[0], qos_count);
        DO(publish(NULL, "class20/a", 4, "text", 1));
    }
    void on_publish(int mid) override
    {
        printf("on_publish %d\n", mid);
        next();
    }
    void on_message(const struct mosquitto_message *message) override
    {
        EXPECT(strcmp(static_cast<const char *>(message->payload), "text") == 0);
        next();
    }
    void on_unsubscribe(int mid) override
    {
        printf("on_unsubscribe %d\n", mid);
        DO(disconnect());
    }
    void on_disconnect(int rc) override { printf("on_disconnect %d\n", rc); }
    void on_log(int, const char *) override { lines++; }
    void on_error() override { printf("on_error\n"); }

    int lineCount() const { return lines; }

private:
    /* PUBACK and message come in either order. */
    void next()
    {
        if (++count == 2) DO(unsubscribe(NULL, "class20/a"));
    }

    int count;
    int lines;
};

int main(int argc, char *argv[])
{
    begin(argc, argv);
    mosqpp::lib_init();
    Talker talker("class20");
    DO(talker.connect(host, port));
    DO(talker.loop_forever());
    EXPECT(talker.lineCount() > 0);
    EXPECT(talker.loop_misc() == MOSQ_ERR_NO_CONN);
    mosqpp::lib_cleanup();
    return end();
}
