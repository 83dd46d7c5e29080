// SPDX-License-Identifier: Apache-2.0
// Why a command was not carried out.

/// Why a command was not carried out: the text of `error`, which names the object it is about.
package struct ControlFailure: Error, Equatable, Sendable {
    /// The text, without a full stop.
    package let text: String

    /// Something is wrong with a command.
    package init(_ text: String) { self.text = text }

    /// A name that a text may have in full; longer ones are cut.
    private static let quotedBytesMax = 256

    /// A name as texts have it, in quotes.
    static func quoted(_ name: String) -> String {
        guard name.utf8.count > quotedBytesMax else { return "'\(name)'" }
        let start = String(decoding: name.utf8.prefix(quotedBytesMax), as: UTF8.self)
        return "'\(start)…'"
    }

    static let anonymous = ControlFailure(
        "Not authorised: anonymous clients need a rule that lets them publish to \(ControlAPI.topic)"
    )
    static let isUnknown = ControlFailure("Unknown command")
    static let isBusy = ControlFailure("Too many requests wait; ask again later")
    static let isTooLong = ControlFailure("The answer is too long: ask in several requests")
}
