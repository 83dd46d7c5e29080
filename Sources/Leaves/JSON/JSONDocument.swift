// SPDX-License-Identifier: Apache-2.0
// Parsing JSON with cJSON, the parser the reference uses, with its tolerance and its limits.

import CcJSON

/// A parsed JSON text; owns the tree its nodes point into.
package final class JSONDocument {
    private let tree: UnsafeMutablePointer<cJSON>

    /// Parses the first JSON value in the bytes; nil when there is none.
    ///
    /// Bytes behind the value are ignored, as the reference does with control messages.
    package init?(parsing bytes: UnsafeBufferPointer<UInt8>) {
        guard let tree = JSONDocument.parse(bytes, end: nil) else { return nil }
        self.tree = tree
    }

    /// Parses bytes that hold one JSON value and nothing else but blanks.
    package init?(parsingExactly bytes: UnsafeBufferPointer<UInt8>) {
        var end: UnsafePointer<CChar>?
        guard let tree = JSONDocument.parse(bytes, end: &end) else { return nil }
        self.tree = tree
        guard let end, let start = bytes.baseAddress else { return nil }
        let used = UnsafeRawPointer(end) - UnsafeRawPointer(start)
        guard bytes[used...].allSatisfy({ $0 <= 0x20 }) else { return nil }
    }

    /// The line, from 1, on which the parser gives up on bytes that hold no JSON value, or more than one.
    package static func lastLine(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var end: UnsafePointer<CChar>?
        if let tree = parse(bytes, end: &end) { cJSON_Delete(tree) }
        guard let end, let start = bytes.baseAddress else { return 1 }
        let used = UnsafeRawPointer(end) - UnsafeRawPointer(start)
        assert((0...bytes.count).contains(used), "the parser stays within the bytes")
        return 1 + bytes.prefix(max(0, used)).count { $0 == 0x0A }
    }

    deinit { cJSON_Delete(tree) }

    private static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        end: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    ) -> UnsafeMutablePointer<cJSON>? {
        bytes.withMemoryRebound(to: CChar.self) {
            cJSON_ParseWithLengthOpts($0.baseAddress, $0.count, end, 0)
        }
    }

    /// Runs the closure with the root; nodes must not leave it.
    package func withRoot<Result>(_ body: (JSONNode) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(self) { try body(JSONNode(pointer: tree)) }
    }
}
