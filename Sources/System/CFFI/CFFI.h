/* SPDX-License-Identifier: Apache-2.0 */
/* C functions made at run time. */
#include <ffi.h>
