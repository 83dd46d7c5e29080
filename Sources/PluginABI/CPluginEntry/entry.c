/* SPDX-License-Identifier: Apache-2.0 */
/* A weak reference, which Swift cannot express: programs without a plugin link too. It is hidden as well, so that
 * the definition is, and no library finds another one's plugin under this name. */
#include "CPluginEntry.h"
#include <stddef.h>

extern const void *mosquitto_swift_plugin(void) __attribute__((weak, visibility("hidden")));

const void *plugin_entry_of_this_library(void)
{
	return mosquitto_swift_plugin ? mosquitto_swift_plugin() : NULL;
}
