// SPDX-License-Identifier: Apache-2.0
// mosquitto_db_dump: prints what a mosquitto.db holds.

import Glibc
import ToolSupport

do {
    try DumpProgram(DumpRequest(ProgramArguments.texts())).run()
} catch let failure as ToolFailure {
    Terminal.complain(failure.message)
    exit(failure.status)
} catch DumpUsage.answer(let text) {
    Terminal.write(text, to: STDOUT_FILENO)
} catch {
    Terminal.complain(DumpOption.usageLine)
    exit(1)
}
