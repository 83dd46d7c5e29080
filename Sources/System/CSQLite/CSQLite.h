/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite, as Debian has it. */
#include <sqlite3.h>
