// SPDX-License-Identifier: Apache-2.0
// JSON with names and texts as this plugin keeps them.

package import JSON

extension JSONNode {
    /// The name of this member of an object.
    package var name: ByteString? { nameBytes.map(ByteString.init) }

    /// The bytes of a JSON string; nil for every other type.
    package var string: ByteString? { stringBytes.map(ByteString.init) }

    /// The value as compact JSON text.
    package var compactText: ByteString? { compactBytes.map(ByteString.init) }
}

extension JSONWriter {
    /// Writes a member's name; its value must follow.
    package mutating func key(bytes name: ByteString) { key(bytes: name.bytes) }

    /// Writes a string value.
    package mutating func string(_ value: ByteString) { string(bytes: value.bytes) }

    /// Writes a value that is JSON text already.
    package mutating func raw(_ text: ByteString) { raw(bytes: text.bytes) }
}
