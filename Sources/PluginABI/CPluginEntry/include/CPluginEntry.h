/* SPDX-License-Identifier: Apache-2.0 */
/* The one function a plugin's author defines, and whether the library at hand defines it. */
#ifndef CPLUGINENTRY_H
#define CPLUGINENTRY_H

/* Calls `mosquitto_swift_plugin` of the library this code is linked into; NULL if there is none.
 * [any thread] */
const void *plugin_entry_of_this_library(void);

#endif
