// SPDX-License-Identifier: Apache-2.0
// A command and its answer.

/// A command and its answer.
struct CommandStep: CustomStringConvertible, Sendable {
    /// The members of the command's object.
    let command: String
    /// The answer's object.
    let answer: String

    init(_ command: String, _ answer: String) {
        self.command = command
        self.answer = answer
    }

    /// A command of this name and with these members that must succeed without data.
    static func ok(_ name: String, _ members: String = "") -> CommandStep {
        CommandStep(with(name, members), #"{"command":"\#(name)"}"#)
    }

    /// A command that must fail with this text.
    static func error(_ name: String, _ members: String, _ text: String) -> CommandStep {
        CommandStep(with(name, members), #"{"command":"\#(name)","error":"\#(text)"}"#)
    }

    /// A command that must answer with this data.
    static func data(_ name: String, _ members: String, _ data: String) -> CommandStep {
        CommandStep(with(name, members), #"{"command":"\#(name)","data":\#(data)}"#)
    }

    private static func with(_ name: String, _ members: String) -> String {
        #""command":"\#(name)""# + (members.isEmpty ? "" : ",\(members)")
    }

    var description: String { command }
}
