// SPDX-License-Identifier: Apache-2.0
// The header fields of an HTTP message in their order.

/// Header fields in their order.
package struct HeaderFields: Sendable {
    private var entries: [(name: String, value: String)] = []

    init() {}

    var count: Int { entries.count }

    mutating func append(_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) {
        let text = String(decoding: value, as: UTF8.self)
        entries.append((String(decoding: name, as: UTF8.self).lowercased(), text.trimmed))
    }

    /// The value of the first field of a name in lower case.
    package func first(_ name: String) -> String? { entries.first { $0.name == name }?.value }

    /// The elements of all fields of a name: lists may be split over several.
    func tokens(_ name: String) -> [String] {
        entries.filter { $0.name == name }
            .flatMap { $0.value.split(separator: ",").map { String($0).trimmed } }
    }

    /// The same in lower case.
    func list(_ name: String) -> [String] { tokens(name).map { $0.lowercased() } }
}
