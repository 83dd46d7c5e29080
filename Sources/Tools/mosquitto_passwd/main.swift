// SPDX-License-Identifier: Apache-2.0
// mosquitto_passwd: creates and changes password files.

import Glibc
import ToolSupport

do {
    let options = try Options(ProgramArguments.words)
    try Program(options: options).run()
} catch let error as Failure {
    Terminal.complain(error.message)
    exit(error.status)
} catch UsageError.answer(let text) {
    Terminal.write(text, to: STDOUT_FILENO)
} catch UsageError.message(let text) {
    Terminal.complain(text)
    exit(1)
} catch {
    Terminal.say(Options.usage)
    exit(1)
}
