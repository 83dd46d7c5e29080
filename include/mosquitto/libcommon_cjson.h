/* SPDX-License-Identifier: Apache-2.0 */
/* Properties as JSON, and cJSON itself where it is installed. */
#ifndef MOSQUITTO_LIBCOMMON_CJSON_H
#define MOSQUITTO_LIBCOMMON_CJSON_H

#include "defs.h"

/* Plugins of 2.1 get cJSON with mosquitto.h. Nothing here needs it; Swift has a module for it. */
#if defined(__has_include) && !defined(__swift__)
#if __has_include(<cjson/cJSON.h>)
#include <cjson/cJSON.h>
#endif
#endif

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
