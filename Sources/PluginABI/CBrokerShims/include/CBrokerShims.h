/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BROKER_SHIMS_H
#define BROKER_SHIMS_H
#endif
