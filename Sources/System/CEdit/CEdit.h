/* SPDX-License-Identifier: Apache-2.0 */
/* The line editing library, by its readline interface: the native one is variadic. */
#include <stdio.h>
#include <editline/readline.h>
