// SPDX-License-Identifier: Apache-2.0
// One command of the control API, as the table has it.

/// One command of the control API.
package struct ControlCommand: Sendable {
    /// Carries a call out, on a thread that may take its time, and has it answered once: at once or
    /// later, on any thread.
    ///
    /// What it throws is the answer too.
    package typealias Body = @Sendable (ControlCall) throws(ControlFailure) -> Void

    /// The name as answers and documents have it.
    package let name: String
    /// Whether it changes something: then it has an audit line.
    package let isChange: Bool
    /// Whether who is anonymous may ask as well, where no rules are in force: what the original
    /// answers to anybody, and what is as harmless.
    package let isOpen: Bool
    let body: Body

    /// Puts a command together.
    package init(
        _ name: String,
        isChange: Bool = false,
        isOpen: Bool = false,
        _ body: @escaping Body
    ) {
        self.name = name
        self.isChange = isChange
        self.isOpen = isOpen
        self.body = body
    }
}

extension ControlCommand {
    /// What the core itself answers.
    static let core: [ControlCommand] = general + clients + topics + retained + configuration
}
