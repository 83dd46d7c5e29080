/* SPDX-License-Identifier: Apache-2.0 */
/* Password hashing with Argon2. */
#include <argon2.h>
