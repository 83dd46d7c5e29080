/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker tells a plugin and does for it: events, clients, publishing, persistence. */
#ifndef MOSQUITTO_BROKER_ALL_H
#define MOSQUITTO_BROKER_ALL_H

#include "broker_callback.h"
#include "broker_client.h"
#include "broker_event.h"
#include "broker_log.h"
#include "broker_persist.h"
#include "broker_publish.h"
#include "libcommon.h"

#endif
