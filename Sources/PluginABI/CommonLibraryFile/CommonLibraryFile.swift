// SPDX-License-Identifier: Apache-2.0
// The common library as a file, libmosquitto_common.so.1: this target only says how it is linked.
