/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which plugins of the 2.0 era include the MQTT constants. */
#ifndef MQTT_PROTOCOL_H
#define MQTT_PROTOCOL_H

#include "mosquitto/mqtt_protocol.h"

#endif
