/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of MQTT 5.0 properties: building, reading, checking. */
#ifndef MOSQUITTO_LIBCOMMON_PROPERTIES_H
#define MOSQUITTO_LIBCOMMON_PROPERTIES_H

#include "defs.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A list is a pointer to its first property, NULL when empty. Whoever holds that pointer as owner
   frees the list with mosquitto_property_free_all(). One list must not be used by two threads at
   a time when one of them changes it. */

/* ---- Adding: the value is copied; *proplist is set when it was NULL. All return 0,
   MOSQ_ERR_NOMEM, or MOSQ_ERR_INVAL when proplist is NULL or the identifier has another type. */

/* Appends a property of type byte.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_byte(
    mosquitto_property **proplist, int identifier, uint8_t value);

/* Appends a property of type two byte integer.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_int16(
    mosquitto_property **proplist, int identifier, uint16_t value);

/* Appends a property of type four byte integer.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_int32(
    mosquitto_property **proplist, int identifier, uint32_t value);

/* Appends a property of type variable byte integer, at most 268435455 (else MOSQ_ERR_INVAL).
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_varint(
    mosquitto_property **proplist, int identifier, uint32_t value);

/* Appends a property of type binary data: len bytes at value, which may be NULL when len is 0.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_binary(
    mosquitto_property **proplist, int identifier, const void *value, uint16_t len);

/* Appends a property of type string; NULL counts as empty. Also returns MOSQ_ERR_MALFORMED_UTF8.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_string(
    mosquitto_property **proplist, int identifier, const char *value);

/* Appends a property of type string pair; NULL counts as empty. Also returns
   MOSQ_ERR_MALFORMED_UTF8.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_add_string_pair(
    mosquitto_property **proplist, int identifier, const char *name, const char *value);

/* ---- Finding: each looks for the first property with the identifier, with skip_first for the
   second, so that giving the result back in with skip_first finds the next one.
   Returns the property (borrowed from the list), or NULL when there is none, the identifier has
   another type, or memory is short. Output pointers may be NULL. */

/* Finds a property of type byte and stores its value.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_byte(
    const mosquitto_property *proplist, int identifier, uint8_t *value, bool skip_first);

/* Finds a property of type two byte integer and stores its value.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_int16(
    const mosquitto_property *proplist, int identifier, uint16_t *value, bool skip_first);

/* Finds a property of type four byte integer and stores its value.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_int32(
    const mosquitto_property *proplist, int identifier, uint32_t *value, bool skip_first);

/* Finds a property of type variable byte integer and stores its value.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_varint(
    const mosquitto_property *proplist, int identifier, uint32_t *value, bool skip_first);

/* Finds a property of type binary data. *value becomes a copy the caller frees (NULL when empty)
   and *len its size; both outputs must be given or neither.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_binary(
    const mosquitto_property *proplist,
    int identifier,
    void **value,
    uint16_t *len,
    bool skip_first);

/* Finds a property of type string. *value becomes a copy the caller frees, NULL when empty.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_string(
    const mosquitto_property *proplist, int identifier, char **value, bool skip_first);

/* Finds a property of type string pair. *name and *value become copies the caller frees, NULL
   when empty.
   [any thread] */
libmosqcommon_EXPORT const mosquitto_property *mosquitto_property_read_string_pair(
    const mosquitto_property *proplist,
    int identifier,
    char **name,
    char **value,
    bool skip_first);

/* ---- Walking a list and looking at one property. Pointers returned are borrowed: they are valid
   as long as the property is. A NULL property, or one of another type, gives 0, false or NULL. */

/* Returns the identifier (MQTT_PROP_*).
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_identifier(const mosquitto_property *property);

/* Returns the type (MQTT_PROP_TYPE_*).
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_type(const mosquitto_property *property);

/* Returns the property behind this one, NULL at the end.
   [any thread] */
libmosqcommon_EXPORT mosquitto_property *mosquitto_property_next(
    const mosquitto_property *proplist);

/* Returns the value of a byte.
   [any thread] */
libmosqcommon_EXPORT uint8_t mosquitto_property_byte_value(const mosquitto_property *property);

/* Returns the value of a two byte integer.
   [any thread] */
libmosqcommon_EXPORT uint16_t mosquitto_property_int16_value(const mosquitto_property *property);

/* Returns the value of a four byte integer.
   [any thread] */
libmosqcommon_EXPORT uint32_t mosquitto_property_int32_value(const mosquitto_property *property);

/* Returns the value of a variable byte integer.
   [any thread] */
libmosqcommon_EXPORT uint32_t mosquitto_property_varint_value(const mosquitto_property *property);

/* Returns the bytes of binary data.
   [any thread] */
libmosqcommon_EXPORT const void *mosquitto_property_binary_value(
    const mosquitto_property *property);

/* Returns the number of bytes of binary data.
   [any thread] */
libmosqcommon_EXPORT uint16_t mosquitto_property_binary_value_length(
    const mosquitto_property *property);

/* Returns the text of a string, or the value of a string pair; NUL-terminated.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_property_string_value(
    const mosquitto_property *property);

/* Returns the length of what mosquitto_property_string_value() gives, in bytes.
   [any thread] */
libmosqcommon_EXPORT uint16_t mosquitto_property_string_value_length(
    const mosquitto_property *property);

/* Returns the name of a string pair; NUL-terminated.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_property_string_name(
    const mosquitto_property *property);

/* Returns the length of the name of a string pair, in bytes.
   [any thread] */
libmosqcommon_EXPORT uint16_t mosquitto_property_string_name_length(
    const mosquitto_property *property);

/* ---- Whole lists. */

/* Takes a property out of the list without freeing it: the caller owns it from then on. Returns
   0, MOSQ_ERR_NOT_FOUND, or MOSQ_ERR_INVAL for NULL arguments.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_remove(
    mosquitto_property **proplist, const mosquitto_property *property);

/* Frees one property, not those behind it, and sets *property to NULL; NULL is allowed.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_property_free(mosquitto_property **property);

/* Frees a list and sets *properties to NULL; NULL is allowed.
   [any thread] */
libmosqcommon_EXPORT void mosquitto_property_free_all(mosquitto_property **properties);

/* Copies a list. *dest becomes a list owned by the caller; it is left alone when src is empty.
   Returns 0, MOSQ_ERR_NOMEM, or MOSQ_ERR_INVAL when dest is NULL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_copy_all(
    mosquitto_property **dest, const mosquitto_property *src);

/* Returns 0 when packets of type command (CMD_*) may carry the property, else MOSQ_ERR_PROTOCOL.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_check_command(int command, int identifier);

/* Checks a list for a packet of type command: identifiers, values, no duplicates. Returns 0,
   MOSQ_ERR_PROTOCOL or MOSQ_ERR_DUPLICATE_PROPERTY.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_property_check_all(
    int command, const mosquitto_property *properties);

/* ---- Names and sizes. */

/* Returns the name of an identifier, such as "content-type"; NULL for an unknown one. The text
   lives for ever.
   [any thread] */
libmosqcommon_EXPORT const char *mosquitto_property_identifier_to_string(int identifier);

/* Finds identifier and type of a property by its name, letter case ignored. Returns 0, or
   MOSQ_ERR_INVAL for an unknown name or NULL arguments.
   [any thread] */
libmosqcommon_EXPORT int mosquitto_string_to_property_info(
    const char *propname, int *identifier, int *type);

/* Returns the size of one encoded property, in bytes; 0 for NULL.
   [any thread] */
libmosqcommon_EXPORT unsigned int mosquitto_property_get_length(
    const mosquitto_property *property);

/* Returns the size of an encoded list without the length in front of it, in bytes.
   [any thread] */
libmosqcommon_EXPORT unsigned int mosquitto_property_get_length_all(
    const mosquitto_property *property);

/* Returns the size of an encoded list with the length in front of it, in bytes.
   [any thread] */
libmosqcommon_EXPORT unsigned int mosquitto_property_get_remaining_length(
    const mosquitto_property *props);

/* Returns the size of a number as variable byte integer, in bytes: 1 to 4, or 5 when it is too
   great to be encoded.
   [any thread] */
libmosqcommon_EXPORT unsigned int mosquitto_varint_bytes(uint32_t word);

#ifdef __cplusplus
}
#endif

#endif
