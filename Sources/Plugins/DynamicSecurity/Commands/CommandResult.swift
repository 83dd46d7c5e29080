// SPDX-License-Identifier: Apache-2.0
// What a command that succeeded gives.

import JSON

/// What a command that succeeded gives.
struct CommandResult {
    /// The `data` of the answer, as JSON; nil for a plain answer.
    var data: ByteString?
    /// What to change; nil for commands that only read.
    var changes: [Change]?
    /// Whom to disconnect.
    var kicks = Kicks()
    /// What the log says about it, one text per line.
    var details: [String] = []

    /// The result of a command that changes something.
    static func changing(
        _ changes: [Change],
        kicks: Kicks = Kicks(),
        details: String
    ) -> CommandResult {
        CommandResult(changes: changes, kicks: kicks, details: [details])
    }

    /// The result of a command that answers with data.
    static func reading(details: String, _ body: (inout JSONWriter) -> Void) -> CommandResult {
        var writer = JSONWriter(formatted: false)
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return CommandResult(data: ByteString(writer.bytes), details: [details])
    }
}
