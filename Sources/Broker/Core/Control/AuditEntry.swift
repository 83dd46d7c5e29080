// SPDX-License-Identifier: Apache-2.0
// What somebody has changed, or wanted to, as it is written down.

import JSON
import Log

/// Who has changed what, from where, and what came of it.
struct AuditEntry: Sendable {
    private let command: String
    private let arguments: JSONValue
    private let actor: ControlActor
    private let outcome: ControlCall.Outcome
    private let milliseconds: Int64

    /// What came of a command; nil for one that was only to say what it would do.
    ///
    /// - Parameter milliseconds: since 1970
    init?(
        _ command: String,
        _ arguments: ControlArguments,
        by actor: ControlActor,
        _ outcome: ControlCall.Outcome,
        at milliseconds: Int64
    ) {
        if arguments.value["dry-run"]?.flag == true { return nil }
        self.command = command
        self.arguments = arguments.forAudit
        self.actor = actor
        self.outcome = outcome
        self.milliseconds = milliseconds
    }

    /// The line of the audit file: one JSON object, without a line feed.
    var line: String {
        var members: [JSONValue.Member] = [
            .init("time", .string(Timestamp.text(milliseconds: milliseconds))),
            .init("command", .string(command)),
            .init("arguments", arguments),
        ]
        if let userName = actor.userName { members.append(.init("username", .string(userName))) }
        members.append(.init("clientid", .string(actor.clientIdentifier)))
        members.append(.init("address", .string(actor.address)))
        switch outcome {
        case .done(let data):
            members.append(.init("result", "done"))
            if let data { members.append(.init("data", data)) }
        case .failed(let failure):
            members.append(.init("result", "failed"))
            members.append(.init("error", .string(failure.text)))
        }
        return JSONValue.object(members).compactText
    }

    /// The line of the log.
    var logText: String {
        let user = actor.userName.map { ", u'\($0)'" } ?? ""
        let who = "\(actor.clientIdentifier) [\(actor.address)]\(user)"
        let ending =
            switch outcome {
            case .done: "done"
            case .failed(let failure): "failed: \(failure.text)"
            }
        return "Control: \(who): \(command) \(arguments.compactText): \(ending)."
    }

    /// What that is about.
    var logFields: LogFields {
        var fields = LogFields(.controlChange)
        fields.clientIdentifier = actor.clientIdentifier
        fields.userName = actor.userName
        fields.address = actor.address
        if case .failed(let failure) = outcome { fields.reason = failure.text }
        return fields
    }
}
