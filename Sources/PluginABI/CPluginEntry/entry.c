/* SPDX-License-Identifier: Apache-2.0 */
/* A weak reference, which Swift cannot express: programs without a plugin link too. */
#include "CPluginEntry.h"
#include <stddef.h>

extern const void *mosquitto_swift_plugin(void) __attribute__((weak));

const void *plugin_entry_of_this_library(void)
{
	return mosquitto_swift_plugin ? mosquitto_swift_plugin() : NULL;
}
