/* SPDX-License-Identifier: Apache-2.0 */
/* The name under which programs in C++ include the client library. */
#ifndef MOSQUITTOPP_H
#define MOSQUITTOPP_H

#include "mosquitto/libmosquittopp.h"

#endif
