/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which plugins of the 2.0 era include the broker's functions. */
#ifndef MOSQUITTO_BROKER_H
#define MOSQUITTO_BROKER_H

#include "mosquitto.h"

#endif
