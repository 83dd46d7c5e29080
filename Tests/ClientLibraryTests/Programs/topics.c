/* SPDX-License-Identifier: Apache-2.0 */
/* Splits topics, checks and compares them. */
#include "program.h"

static void split(const char *topic)
{
    char **levels = NULL;
    int count = 0, i;

    DO(mosquitto_sub_topic_tokenise(topic, &levels, &count));
    printf("%s:", topic);
    for (i = 0; i < count; i++) printf(" [%s]", levels[i] ? levels[i] : "");
    printf("\n");
    DO(mosquitto_sub_topic_tokens_free(&levels, count));
}

static void compare(const char *filter, const char *topic)
{
    bool matches = false, again = false;

    DO(mosquitto_topic_matches_sub(filter, topic, &matches));
    DO(mosquitto_topic_matches_sub2(filter, strlen(filter), topic, strlen(topic), &again));
    EXPECT(matches == again);
    printf("%s %s %s\n", filter, matches ? "has" : "has not", topic);
}

static void begins(const char *text, const char *beginning)
{
    EXPECT(strncmp(text, beginning, strlen(beginning)) == 0);
}

int main(int argc, char *argv[])
{
    bool matches = true;
    int command = 0;

    begin(argc, argv);
    split("a/b/c");
    split("/a//b/");
    split("one");
    compare("a/+/c", "a/b/c");
    compare("a/#", "a");
    compare("+", "a/b");
    compare("#", "$SYS/broker");
    compare("$SYS/#", "$SYS/broker");
    EXPECT(mosquitto_topic_matches_sub("a/#/b", "a/b", &matches) == MOSQ_ERR_INVAL);
    DO(mosquitto_pub_topic_check("a/b"));
    EXPECT(mosquitto_pub_topic_check("a/+") == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_pub_topic_check2("a/+", 1) == MOSQ_ERR_SUCCESS);
    DO(mosquitto_sub_topic_check("a/+/#"));
    EXPECT(mosquitto_sub_topic_check("a+/b") == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_sub_topic_check2("a/#b", 3) == MOSQ_ERR_SUCCESS);
    DO(mosquitto_validate_utf8("gr\xc3\xbc\xc3\x9f", 6));
    EXPECT(mosquitto_validate_utf8("\xc3", 1) == MOSQ_ERR_MALFORMED_UTF8);
    DO(mosquitto_string_to_command("Subscribe", &command));
    EXPECT(command == CMD_SUBSCRIBE);
    /* 2.0 has full stops at the ends. */
    begins(mosquitto_strerror(MOSQ_ERR_NO_CONN), "The client is not currently connected");
    begins(mosquitto_connack_string(5), "Connection Refused: not authorised");
    puts(mosquitto_reason_string(MQTT_RC_QUOTA_EXCEEDED));
    return end();
}
