// SPDX-License-Identifier: Apache-2.0
// mosquitto_signal: sends signals to running brokers.

import Glibc
import ToolSupport

do {
    let request = try SignalRequest(ProgramArguments.texts())
    for line in request.carryOut() { Terminal.complain(line) }
} catch let failure as ToolFailure {
    Terminal.complain(failure.message)
    exit(failure.status)
} catch SignalUsage.completions(let text) {
    Terminal.write(text, to: STDOUT_FILENO)
} catch {
    Terminal.say(SignalOption.usage)
    exit(1)
}
