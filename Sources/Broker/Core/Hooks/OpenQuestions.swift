// SPDX-License-Identifier: Apache-2.0
// What goes on when an answer comes.

/// Who goes on with an answer.
final class OpenQuestions {
    private var continuations: [UInt64: (HookAnswer) -> Void] = [:]
    private var lastSerial: UInt64 = 0

    /// Questions without an answer.
    var count: Int { continuations.count }

    /// A number for a question about to be asked.
    func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }

    /// Keeps what is to be done with the answer.
    func keep(_ serial: UInt64, _ continuation: @escaping (HookAnswer) -> Void) {
        continuations[serial] = continuation
    }

    /// Nobody waits any more.
    func forgetAll() { continuations = [:] }

    /// Takes out what is to be done with an answer; nil when nobody waits any more.
    func take(_ serial: UInt64) -> ((HookAnswer) -> Void)? {
        continuations.removeValue(forKey: serial)
    }
}
