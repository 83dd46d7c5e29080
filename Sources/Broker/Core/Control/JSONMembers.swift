// SPDX-License-Identifier: Apache-2.0
// Objects in answers, member by member.

import Encoding
package import JSON

/// An object of an answer, as it grows.
package struct JSONMembers: Sendable {
    private var members: [JSONValue.Member] = []

    package init() {}

    /// The object.
    package var object: JSONValue { .object(members) }

    package mutating func add(_ key: String, _ value: JSONValue) {
        members.append(JSONValue.Member(key, value))
    }

    package mutating func add(_ key: String, _ number: Int) { add(key, .number(Double(number))) }

    package mutating func add(_ key: String, _ flag: Bool) { add(key, .bool(flag)) }

    /// A text; nothing where there is none.
    package mutating func add(_ key: String, _ text: String?) {
        if let text { add(key, .string(text)) }
    }

    package mutating func add(_ key: String, _ texts: [String]) {
        add(key, .array(texts.map { .string($0) }))
    }

    /// Bytes that should be text: under `key` if they are, else as Base64 under `key` with `-base64`
    /// behind it.
    ///
    /// NUL is no text either: too many programs take it for the end of one.
    package mutating func add(_ key: String, _ bytes: some Collection<UInt8>) {
        if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            add(key, .string(text))
        } else {
            add("\(key)-base64", .string(Base64.encode(bytes)))
        }
    }
}
