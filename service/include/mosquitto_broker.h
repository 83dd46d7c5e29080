/* SPDX-License-Identifier: Apache-2.0 */
/* Leads plugins of the 2.0 era that include the broker's functions by this name to the headers for plugins. */
#if defined(LIBMOSQUITTO_MAJOR) && !defined(MOSQUITTO_DEFS_H)
#error "mosquitto.h of the client library came first: compile with $(pkg-config --cflags mosquitto)"
#endif
#include "mosquitto-plugin/mosquitto_broker.h"
