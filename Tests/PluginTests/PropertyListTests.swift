// SPDX-License-Identifier: Apache-2.0
// Properties read from the memory of a broker.

import CMosquitto
import PluginSDK
import Testing

@Suite("Property lists")
struct PropertyListTests {
    /// A node as brokers lay it out: next, value, name, identifier.
    private static func node(
        _ identifier: Property.Identifier,
        next: UnsafeRawPointer?,
        fill: (UnsafeMutableRawPointer) -> Void
    ) -> UnsafeMutableRawPointer {
        let node = UnsafeMutableRawPointer.allocate(byteCount: 48, alignment: 8)
        node.initializeMemory(as: UInt8.self, repeating: 0xEE, count: 48)
        node.storeBytes(of: next, as: UnsafeRawPointer?.self)
        node.storeBytes(of: identifier.rawValue, toByteOffset: 40, as: Int32.self)
        fill(node)
        return node
    }

    private static func store(
        _ bytes: UnsafeRawBufferPointer,
        in node: UnsafeMutableRawPointer,
        at offset: Int
    ) {
        node.storeBytes(of: bytes.baseAddress, toByteOffset: offset, as: UnsafeRawPointer?.self)
        node.storeBytes(of: UInt16(bytes.count), toByteOffset: offset + 8, as: UInt16.self)
    }

    @Test("Every type of value is read, in order")
    func read() {
        Array("naïve".utf8).withUnsafeBytes { text in
            Array("name".utf8).withUnsafeBytes { name in
                let last = Self.node(.userProperty, next: nil) { node in
                    Self.store(text, in: node, at: 8)
                    Self.store(name, in: node, at: 24)
                }
                let third = Self.node(.correlationData, next: last) { node in
                    Self.store(UnsafeRawBufferPointer(start: nil, count: 0), in: node, at: 8)
                }
                let second = Self.node(.topicAlias, next: third) { node in
                    node.storeBytes(of: 513, toByteOffset: 8, as: UInt16.self)
                }
                let first = Self.node(.messageExpiryInterval, next: second) { node in
                    node.storeBytes(of: 70_000, toByteOffset: 8, as: UInt32.self)
                }
                defer { for node in [first, second, third, last] { node.deallocate() } }
                let properties = PropertyList.read(first)
                #expect(
                    properties == [
                        .messageExpiryInterval(70_000), Property(.topicAlias, .twoByteInteger(513)),
                        .correlationData([]), .user("name", "naïve"),
                    ]
                )
                #expect(properties.user("name") == "naïve")
                #expect(properties.text(.contentType) == nil)
                #expect(properties[.topicAlias] == .twoByteInteger(513))
            }
        }
    }

    @Test("No list is no properties")
    func empty() {
        #expect(PropertyList.read(nil).isEmpty)
    }
}
