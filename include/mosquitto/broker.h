/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker tells a plugin and does for it: events, clients, publishing, persistence. */
#ifndef MOSQUITTO_BROKER_ALL_H
#define MOSQUITTO_BROKER_ALL_H

#include "mosquitto/broker_callback.h"
#include "mosquitto/broker_client.h"
#include "mosquitto/broker_event.h"
#include "mosquitto/broker_log.h"
#include "mosquitto/broker_persist.h"
#include "mosquitto/broker_publish.h"
#include "mosquitto/libcommon.h"

#endif
