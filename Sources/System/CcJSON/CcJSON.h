/* SPDX-License-Identifier: Apache-2.0 */
/* JSON trees, shared with plugins that use the same library. */
#include <cjson/cJSON.h>
