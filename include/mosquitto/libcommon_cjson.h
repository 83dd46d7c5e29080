/* SPDX-License-Identifier: Apache-2.0 */
/* Properties as JSON. Include cjson/cJSON.h to look into the result. */
#ifndef MOSQUITTO_LIBCOMMON_CJSON_H
#define MOSQUITTO_LIBCOMMON_CJSON_H

#include "mosquitto/defs.h"

struct cJSON;

#ifdef __cplusplus
extern "C" {
#endif

/* Describes a property list as an array of {"identifier", "value"} objects; a user property has
   a "name" as well, correlation data are upper-case hexadecimal digits. The list is only read.
   Returns a tree the caller deletes with cJSON_Delete(), or NULL for an empty list or when
   memory is short.
   [any thread] */
libmosqcommon_EXPORT struct cJSON *mosquitto_properties_to_json(
    const mosquitto_property *properties);

#ifdef __cplusplus
}
#endif

#endif
