/* SPDX-License-Identifier: Apache-2.0 */
/* Everything a plugin may use: MQTT constants, the common library, the broker interface. */
#ifndef MOSQUITTO_H
#define MOSQUITTO_H

#include "mosquitto/broker.h"
#include "mosquitto/broker_control.h"
#include "mosquitto/broker_extensions.h"
#include "mosquitto/broker_plugin.h"
#include "mosquitto/libcommon.h"
#include "mosquitto/libmosquitto.h"
#include "mosquitto/mqtt_protocol.h"

#endif
