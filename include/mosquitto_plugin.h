/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which plugins of the 2.0 era include the entry points. */
#ifndef MOSQUITTO_PLUGIN_H
#define MOSQUITTO_PLUGIN_H

#include "mosquitto.h"

#endif
