// SPDX-License-Identifier: Apache-2.0
// Why a command fails, and how names are logged.

/// Why a command failed, in the words the interface prescribes.
struct CommandError: Error {
    /// The text of the answer.
    let text: String
    /// Clients that are disconnected all the same.
    let kicks: Kicks

    init(_ text: String, kicks: Kicks = Kicks()) {
        self.text = text
        self.kicks = kicks
    }

    /// What nothing better is known for.
    static let `internal` = CommandError("Internal error")
}

extension ByteString {
    /// The bytes for a log line, which they must not be able to break.
    var forLog: String {
        ByteString(bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }).text
    }
}
