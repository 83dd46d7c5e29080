// SPDX-License-Identifier: Apache-2.0
// Reading JSON through cJSON, the parser the reference uses, with its tolerance and its limits.

import CcJSON
import Glibc

/// A parsed JSON text; owns the tree its nodes point into.
package final class JSONDocument {
    private let tree: UnsafeMutablePointer<cJSON>

    /// Parses the first JSON value in the bytes; nil when there is none.
    ///
    /// Bytes behind the value are ignored, as the reference does with control messages.
    package init?(parsing bytes: Bytes) {
        guard let tree = JSONDocument.parse(bytes, end: nil) else { return nil }
        self.tree = tree
    }

    /// Parses bytes that hold one JSON value and nothing else but blanks.
    package init?(parsingExactly bytes: Bytes) {
        var end: UnsafePointer<CChar>?
        guard let tree = JSONDocument.parse(bytes, end: &end) else { return nil }
        self.tree = tree
        guard let end, let start = bytes.baseAddress else { return nil }
        let used = UnsafeRawPointer(end) - UnsafeRawPointer(start)
        guard bytes[used...].allSatisfy({ $0 <= 0x20 }) else { return nil }
    }

    deinit { cJSON_Delete(tree) }

    private static func parse(
        _ bytes: Bytes,
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

/// One value of a parsed JSON text, valid inside `JSONDocument.withRoot`.
package struct JSONNode {
    fileprivate let pointer: UnsafeMutablePointer<cJSON>

    /// The member with this name, compared without regard to case; the first one if repeated.
    package subscript(_ key: StaticString) -> JSONNode? {
        children.first { $0.isNamed(key) }
    }

    /// Whether this member's name is `key`, without regard to case.
    package func isNamed(_ key: StaticString) -> Bool {
        guard let name = pointer.pointee.string else { return false }
        return key.utf8Start.withMemoryRebound(to: CChar.self, capacity: key.utf8CodeUnitCount + 1)
        {
            strcasecmp(name, $0) == 0
        }
    }

    /// The name of this member of an object.
    package var name: ByteString? { ByteString(cString: pointer.pointee.string) }

    /// The bytes of a JSON string; nil for every other type.
    package var string: ByteString? {
        cJSON_IsString(pointer) != 0 ? ByteString(cString: pointer.pointee.valuestring) : nil
    }

    /// The value of a JSON number, cut to an integer and to the range of `Int32`.
    package var integer: Int? {
        guard cJSON_IsNumber(pointer) != 0 else { return nil }
        let value = pointer.pointee.valuedouble
        if value.isNaN { return 0 }
        return Int(max(Double(Int32.min), min(Double(Int32.max), value)))
    }

    /// The value of a JSON number that may be larger than 32 bits, cut to an integer.
    ///
    /// Beyond 2^53 neighbours cannot be told apart, and counting on would overflow: nil.
    package var wideInteger: Int? {
        guard cJSON_IsNumber(pointer) != 0 else { return nil }
        let value = pointer.pointee.valuedouble
        return value.magnitude <= 0x1p53 ? Int(value) : nil
    }

    /// The value of `true` or `false`; nil for every other type.
    package var boolean: Bool? {
        cJSON_IsBool(pointer) != 0 ? cJSON_IsTrue(pointer) != 0 : nil
    }

    /// Whether this is a JSON array.
    package var isArray: Bool { cJSON_IsArray(pointer) != 0 }

    /// Whether this is a JSON object.
    package var isObject: Bool { cJSON_IsObject(pointer) != 0 }

    /// The elements of an array or the members of an object, in order; none for other types.
    package var children: Children { Children(following: pointer.pointee.child) }

    /// The value as compact JSON text.
    package var compactText: ByteString? {
        guard let printed = cJSON_PrintUnformatted(pointer) else { return nil }
        defer { cJSON_free(printed) }
        return ByteString(cString: printed)
    }

    /// Walks the children of a node.
    package struct Children: Sequence, IteratorProtocol {
        fileprivate var following: UnsafeMutablePointer<cJSON>?

        package mutating func next() -> JSONNode? {
            guard let current = following else { return nil }
            following = current.pointee.next
            return JSONNode(pointer: current)
        }
    }
}
