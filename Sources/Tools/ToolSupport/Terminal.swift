// SPDX-License-Identifier: Apache-2.0
// What the tools say to and ask of the person at the terminal.

import Glibc

/// Standard input, output and error as the tools use them.
package enum Terminal {
    /// Writes `text` and a newline to standard output.
    package static func say(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes `text` and a newline to standard error.
    package static func complain(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes `text` as it is; a closed descriptor is not an error worth a message.
    package static func write(_ text: String, to descriptor: CInt) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                guard errno == EINTR else { return }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Asks for a secret on standard input without showing what is typed.
    ///
    /// The line ends with a newline on `output`, as the one typed is not shown. Interrupting gives
    /// the terminal its echo back before the signal takes effect.
    /// - Returns: the bytes up to the first NUL or line end, empty when the input has ended.
    package static func readSecret(prompt: String, output: CInt = STDOUT_FILENO) -> [UInt8] {
        let line = withoutEcho(prompt: prompt, output: output)
        write("\n", to: output)
        return line.map { Array($0.prefix { $0 != 0 }) } ?? []
    }

    /// Reads one line from standard input, a byte at a time so that nothing behind it is taken.
    ///
    /// - Returns: the line without its end, nil when the input has ended.
    package static func readLine() -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return line.isEmpty ? nil : line }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return line
    }

    /// Asks with echo off when standard input is a terminal.
    ///
    /// Echo is off before the prompt shows, and what was typed ahead is kept. The ending signals are
    /// held back meanwhile and take effect when the terminal is as it was, so none leaves it mute.
    private static func withoutEcho(prompt: String, output: CInt) -> [UInt8]? {
        var saved = termios()
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else {
            write(prompt, to: output)
            return readLine()
        }
        let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP]
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in ending { sigaddset(&signals, signal) }
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &silent)
        write(prompt, to: output)
        let line = waitForInput(orSignalFrom: ending) ? readLine() : nil
        tcsetattr(STDIN_FILENO, TCSADRAIN, &saved)
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return line
    }

    /// Waits for a whole line from the terminal; false when a held-back signal came first.
    private static func waitForInput(orSignalFrom ending: [CInt]) -> Bool {
        let checkMilliseconds: CInt = 100
        while true {
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            if poll(&input, 1, checkMilliseconds) > 0 { return true }
            var pending = sigset_t()
            sigpending(&pending)
            if ending.contains(where: { sigismember(&pending, $0) == 1 }) { return false }
        }
    }
}
