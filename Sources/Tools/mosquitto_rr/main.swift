// SPDX-License-Identifier: Apache-2.0
// mosquitto_rr: publishes a request and prints the answer.

import ClientTools
import Glibc
import ToolSupport

exit(ClientProgram.run(.rr, words: ProgramArguments.words))
