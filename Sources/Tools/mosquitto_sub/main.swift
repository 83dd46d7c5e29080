// SPDX-License-Identifier: Apache-2.0
// mosquitto_sub: prints messages.

import ClientTools
import Glibc
import ToolSupport

exit(ClientProgram.run(.sub, words: ProgramArguments.words))
