// SPDX-License-Identifier: Apache-2.0
// The answer to one command.

import JSON

/// The answer to one command, before it is known whether its changes reach the disk.
struct Reply {
    /// The command's name: canonical with data, else as it was spelled.
    let command: ByteString
    /// The data, as JSON.
    var data: ByteString?
    /// What went wrong.
    var error: String?
    /// What the requester recognises the answer by.
    let correlation: ByteString?
    /// Whether the command changes something; its failures are logged then.
    let isChange: Bool
    /// What the log says about the command, one text per line.
    var details: [String]

    /// The answer's object.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("command")
        writer.string(command)
        if let error {
            writer.key("error")
            writer.string(ByteString(error))
        } else if let data {
            writer.key("data")
            writer.raw(data)
        }
        writer.optional("correlationData", correlation)
        writer.endObject()
    }

    /// Logs the command: changes with their result, reading only when it succeeded.
    func log(_ requester: Requester, with log: (LogLevel, String) -> Void) {
        if error != nil, !isChange { return }
        let start = "dynsec: \(requester.name) | \(command.forLog)"
        let address = requester.address?.forLog ?? "unknown"
        let end =
            isChange
            ? " | address=\(address) | result=\(error.map { "error: \($0)" } ?? "success")" : ""
        for detail in details.isEmpty ? [""] : details {
            log(
                error == nil ? .info : .notice,
                start + (detail.isEmpty ? "" : " | \(detail)") + end
            )
        }
    }
}
