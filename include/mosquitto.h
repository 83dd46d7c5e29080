/* SPDX-License-Identifier: Apache-2.0 */
/* Everything for plugins of the broker and for programs of the client library. */
#ifndef MOSQUITTO_H
#define MOSQUITTO_H

/* Mark of what is kept though nothing refers to it. */
#if defined(__GNUC__)
#define MOSQ_USED __attribute__((used))
#else
#define MOSQ_USED
#endif

#include "mosquitto/broker.h"
#include "mosquitto/broker_control.h"
#include "mosquitto/broker_extensions.h"
#include "mosquitto/broker_plugin.h"
#include "mosquitto/libcommon.h"
#include "mosquitto/libmosquitto.h"
#include "mosquitto/mqtt_protocol.h"

#endif
