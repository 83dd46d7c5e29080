/* SPDX-License-Identifier: Apache-2.0 */
/* A class with the virtual functions of 2.1, which needs the header of 2.1. */
#include <mosquittopp.h>

#include "program.h"

class Talker : public mosqpp::mosquittopp {
public:
    using mosquittopp::mosquittopp;

    void on_pre_connect() override { printf("on_pre_connect\n"); }
    void on_connect(int rc) override { printf("on_connect %d\n", rc); }
    void on_connect_with_flags(int rc, int flags) override
    {
        printf("on_connect_with_flags %d %d\n", rc, flags);
    }
    void on_connect_v5(int rc, int flags, const mosquitto_property *) override
    {
        printf("on_connect_v5 %d %d\n", rc, flags);
        DO(subscribe_v5(NULL, "class21/a", 1));
    }
    void on_subscribe_v5(
        int mid, int qos_count, const int *granted_qos, const mosquitto_property *) override
    {
        printf("on_subscribe_v5 %d: %d of %d\n", mid, granted_qos[0], qos_count);
        mosquitto_property *list = NULL;
        DO(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "text/plain"));
        DO(publish_v5(NULL, "class21/a", 4, "text", 1, false, list));
        mosquitto_property_free_all(&list);
    }
    void on_publish_v5(int mid, int reason_code, const mosquitto_property *) override
    {
        printf("on_publish_v5 %d %d\n", mid, reason_code);
        next();
    }
    void on_message_v5(
        const struct mosquitto_message *message, const mosquitto_property *props) override
    {
        char *type = NULL;
        EXPECT(strcmp(static_cast<const char *>(message->payload), "text") == 0);
        EXPECT(mosquitto_property_read_string(props, MQTT_PROP_CONTENT_TYPE, &type, false));
        EXPECT(strcmp(type, "text/plain") == 0);
        free(type);
        next();
    }
    void on_unsubscribe_v5(int mid, const mosquitto_property *) override
    {
        printf("on_unsubscribe_v5 %d\n", mid);
        DO(disconnect_v5(0, NULL));
    }
    void on_disconnect(int rc) override { printf("on_disconnect %d\n", rc); }
    void on_disconnect_v5(int rc, const mosquitto_property *) override
    {
        printf("on_disconnect_v5 %d\n", rc);
    }
    int on_ext_auth(const char *, uint16_t, const void *, const mosquitto_property *) override
    {
        printf("on_ext_auth\n");
        return MOSQ_ERR_AUTH;
    }

private:
    /* PUBACK and message come in either order. */
    void next()
    {
        if (++count == 2) DO(unsubscribe_v5(NULL, "class21/a", NULL));
    }

    int count = 0;
};

/* Connects and talks to itself. */
static void talk(Talker &talker)
{
    DO(talker.int_option(MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5));
    DO(talker.connect_v5(host, port, 60, NULL, NULL));
    DO(talker.loop_forever());
}

int main(int argc, char *argv[])
{
    begin(argc, argv);
    EXPECT(mosqpp::lib_version(NULL, NULL, NULL) == LIBMOSQUITTO_VERSION_NUMBER);
    EXPECT(strcmp(mosqpp::strerror(MOSQ_ERR_INVAL), mosquitto_strerror(MOSQ_ERR_INVAL)) == 0);
    {
        Talker talker("class21", true);
        talk(talker);
    }
    {
        Talker talker("class21-other");
        DO(talker.reinitialise("class21-again", true));
        talk(talker);
    }
    Talker nobody(NULL, false);
    EXPECT(nobody.connect(host, port) == MOSQ_ERR_INVAL);
    return end();
}
