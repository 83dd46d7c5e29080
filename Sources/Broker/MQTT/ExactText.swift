// SPDX-License-Identifier: Apache-2.0
// Texts that are the same when their bytes are.

/// A text that equals another when both have the same bytes, as names do in MQTT (5.0 section 1.5.4).
///
/// To `String` two spellings of one character are equal, such as `é` as one scalar and as two: a key
/// made of it would give one client the session of another.
package struct ExactText: Hashable, Sendable {
    /// The text.
    package private(set) var text: String

    /// Takes a text as it is.
    package init(_ text: String) {
        self.text = text
        self.text.makeContiguousUTF8()
    }

    /// Whether both have the same bytes.
    package static func == (left: ExactText, right: ExactText) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    /// Feeds the bytes.
    package func hash(into hasher: inout Hasher) {
        assert(text.isContiguousUTF8, "equal texts are fed in the same way")
        UnsafeLoad.feed(text, to: &hasher)
    }
}

extension String {
    /// Whether another text has the same bytes, which equal texts need not have.
    package func hasSameBytes(as other: String) -> Bool {
        UnsafeLoad.isSame(self, other) ?? utf8.elementsEqual(other.utf8)
    }
}
