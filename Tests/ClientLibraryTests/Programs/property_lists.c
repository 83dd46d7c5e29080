/* SPDX-License-Identifier: Apache-2.0 */
/* Builds, checks, copies and walks lists of properties. */
#include "program.h"

/* Prints a property with what mosquitto_property_read_* finds of its kind. */
static void print(const mosquitto_property *property)
{
    int identifier = mosquitto_property_identifier(property);
    const char *name = mosquitto_property_identifier_to_string(identifier);
    int type = 0, found = 0;

    EXPECT(name != NULL);
    DO(mosquitto_string_to_property_info(name, &found, &type));
    EXPECT(found == identifier);
    if (type == MQTT_PROP_TYPE_BYTE) {
        uint8_t value = 0;
        EXPECT(mosquitto_property_read_byte(property, identifier, &value, false) == property);
        printf("%s %d\n", name, value);
    } else if (type == MQTT_PROP_TYPE_INT16) {
        uint16_t value = 0;
        EXPECT(mosquitto_property_read_int16(property, identifier, &value, false) == property);
        printf("%s %d\n", name, value);
    } else if (type == MQTT_PROP_TYPE_INT32) {
        uint32_t value = 0;
        EXPECT(mosquitto_property_read_int32(property, identifier, &value, false) == property);
        printf("%s %u\n", name, value);
    } else if (type == MQTT_PROP_TYPE_STRING) {
        char *value = NULL;
        EXPECT(mosquitto_property_read_string(property, identifier, &value, false) == property);
        printf("%s %s\n", name, value);
        free(value);
    } else if (type == MQTT_PROP_TYPE_STRING_PAIR) {
        char *key = NULL, *value = NULL;
        EXPECT(mosquitto_property_read_string_pair(property, identifier, &key, &value, false)
            == property);
        printf("%s %s=%s\n", name, key, value);
        free(key);
        free(value);
    } else {
        printf("%s of type %d\n", name, type);
    }
}

/* Lists that cannot be. */
static void refusals(void)
{
    mosquitto_property *list = NULL;

    EXPECT(mosquitto_property_add_byte(&list, MQTT_PROP_CONTENT_TYPE, 1) == MOSQ_ERR_INVAL);
    EXPECT(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "\xff")
        == MOSQ_ERR_MALFORMED_UTF8);
    EXPECT(list == NULL);
    DO(mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 1));
    EXPECT(mosquitto_property_check_all(CMD_CONNECT, list) == MOSQ_ERR_PROTOCOL);
    DO(mosquitto_property_check_all(CMD_PUBLISH, list));
    DO(mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 2));
    EXPECT(mosquitto_property_check_all(CMD_PUBLISH, list) == MOSQ_ERR_DUPLICATE_PROPERTY);
    EXPECT(mosquitto_property_check_command(CMD_PUBLISH, MQTT_PROP_SERVER_KEEP_ALIVE)
        == MOSQ_ERR_PROTOCOL);
    mosquitto_property_free_all(&list);
}

int main(int argc, char *argv[])
{
    mosquitto_property *list = NULL, *copy = NULL;
    const mosquitto_property *property, *second;
    char *name = NULL;

    begin(argc, argv);
    refusals();
    DO(mosquitto_property_add_byte(&list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1));
    DO(mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, 3600));
    DO(mosquitto_property_add_int16(&list, MQTT_PROP_TOPIC_ALIAS, 7));
    DO(mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "text/plain"));
    DO(mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, "x", 1));
    DO(mosquitto_property_add_varint(&list, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, 268435455));
    DO(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "a", "1"));
    DO(mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "b", "2"));
    DO(mosquitto_property_copy_all(&copy, list));
    mosquitto_property_free_all(&list);
    for (property = copy; property; property = mosquitto_property_next(property)) {
        print(property);
    }
    property = mosquitto_property_read_string_pair(
        copy, MQTT_PROP_USER_PROPERTY, NULL, NULL, false);
    second = mosquitto_property_read_string_pair(
        property, MQTT_PROP_USER_PROPERTY, &name, NULL, true);
    EXPECT(second != NULL && strcmp(name, "b") == 0);
    free(name);
    EXPECT(mosquitto_property_read_string_pair(
               second, MQTT_PROP_USER_PROPERTY, NULL, NULL, true) == NULL);
    mosquitto_property_free_all(&copy);
    mosquitto_property_free_all(&copy);
    return end();
}
