// SPDX-License-Identifier: Apache-2.0
// The properties of a packet, checked one by one.

/// Reads the properties of a packet: length, list, and the rules for each.
///
/// Properties that break a rule are noted and skipped, since one that cannot be parsed further on
/// has precedence. Ask `failure` after the last one. Duplicates are found with one bit per
/// identifier, so the cost is linear in the number of properties.
package struct PropertyBlock: ~Escapable {
    private let bytes: RawSpan
    private var iterator: PropertyIterator
    private let scope: PropertyScope
    private var seen: UInt64 = 0
    /// Where the list is, without its length.
    package let range: Range<Int>
    /// What is wrong, if anything was found up to now.
    package private(set) var failure: PropertyFailure?

    /// Reads the length and moves the reader behind the properties.
    ///
    /// Nil when the length is malformed or more than what is left.
    @_lifetime(copy reader)
    package init?(reading reader: inout PacketReader, scope: PropertyScope) {
        guard let length = reader.readVariableByteInteger(),
            let range = reader.readBytes(Int(length))
        else { return nil }
        bytes = reader.bytes
        iterator = PropertyIterator(reader.bytes, range: range)
        self.scope = scope
        self.range = range
    }

    /// The next property that keeps the rules; nil at the end.
    @_lifetime(self: copy self)
    package mutating func next() -> Property? {
        while let property = iterator.next() {
            guard let found = check(property) else { return property }
            failure = failure ?? found
        }
        if iterator.isMalformed { failure = .malformed("malformed property") }
        return nil
    }

    /// Goes on to the end, past properties that nobody asks for; returns what is wrong with any.
    @_lifetime(self: copy self)
    package mutating func skip() -> PropertyFailure? {
        while next() != nil {}
        return failure
    }

    /// What is wrong with a property in this packet.
    @_lifetime(self: copy self)
    private mutating func check(_ property: Property) -> PropertyFailure? {
        let identifier = property.identifier
        guard identifier.isAllowed(in: scope) else {
            return .notAllowed("property not allowed in this packet")
        }
        if identifier != .userProperty {
            // Identifiers are below 64, so the shift stays in the word.
            let bit: UInt64 = 1 &<< UInt64(identifier.rawValue)
            if seen & bit != 0 && !(identifier == .subscriptionIdentifier && scope == .publish) {
                return .duplicate("duplicate property")
            }
            seen |= bit
        }
        return hasPermittedValue(property) ? nil : .notAllowed("property value not permitted")
    }

    // [MQTT-3.3.2-13] [MQTT-3.3.2-14] [MQTT-3.3.2-19]
    private func hasPermittedValue(_ property: Property) -> Bool {
        switch property.value {
        case .byte(let value): value <= 1
        case .twoByteInteger(let value):
            value != 0
                || property.identifier != .receiveMaximum && property.identifier != .topicAlias
        case .fourByteInteger(let value):
            value != 0 || property.identifier != .maximumPacketSize
        case .variableByteInteger(let value): value != 0
        case .string(let range):
            property.identifier != .responseTopic || (!range.isEmpty && isTopicText(bytes, range))
        case .binary, .stringPair: true
        }
    }
}
