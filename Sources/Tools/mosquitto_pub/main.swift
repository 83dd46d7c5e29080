// SPDX-License-Identifier: Apache-2.0
// mosquitto_pub: publishes messages.

import ClientTools
import Glibc
import ToolSupport

exit(ClientProgram.run(.pub, words: ProgramArguments.words))
