// SPDX-License-Identifier: Apache-2.0
// The properties of -D.

import MQTT

/// The properties of `-D`, encoded for the packets they are for, in the order they were given.
package struct ToolProperties: Sendable, Equatable {
    package var connect: [UInt8] = []
    package var publish: [UInt8] = []
    package var subscribe: [UInt8] = []
    package var unsubscribe: [UInt8] = []
    package var disconnect: [UInt8] = []
    package var will: [UInt8] = []

    /// Takes packet, name and value off the front of the words; user properties have two values.
    mutating func add(_ words: inout ToolOption.Words) throws(OptionProblem) {
        guard let command = words.popFirst()?.text, let name = words.popFirst()?.text else {
            throw ToolProperty.tooFew
        }
        let text = command.lowercased()
        guard let scope = ToolProperty.scopes[text] else {
            throw .spaced("Error: Invalid command \(command) given in --property argument.")
        }
        guard let property = PropertyIdentifier(name: name.lowercased()) else {
            throw .spaced("Error: Invalid property name \(name) given in --property argument.")
        }
        guard property.isAllowed(in: scope) else {
            throw .spaced(
                "Error: \(name) property not allowed for \(command) in --property argument."
            )
        }
        guard let value = words.popFirst() else { throw ToolProperty.tooFew }
        var second: [UInt8]?
        if property == .userProperty {
            guard let other = words.popFirst() else { throw ToolProperty.tooFew }
            second = other
        }
        guard let path = Self.path(of: scope),
            !(property == .subscriptionIdentifier && scope == .publish)
        else {
            throw .spaced(
                "Error: \(name) property not supported for \(command) in --property argument."
            )
        }
        self[keyPath: path] += try ToolProperty(property, name, value, second).encoded
    }

    private static func path(
        of scope: PropertyScope
    ) -> WritableKeyPath<ToolProperties, [UInt8]>? {
        switch scope {
        case .connect: \.connect
        case .publish: \.publish
        case .subscribe: \.subscribe
        case .unsubscribe: \.unsubscribe
        case .disconnect: \.disconnect
        case .will: \.will
        default: nil
        }
    }

    /// Refuses lists with properties that may be there once and are there twice.
    func check() throws(OptionProblem) {
        let lists = [
            ("CONNECT", connect), ("PUBLISH", publish), ("SUBSCRIBE", subscribe),
            ("UNSUBSCRIBE", unsubscribe), ("DISCONNECT", disconnect), ("Will", will),
        ]
        for (title, list) in lists {
            if let problem = ToolProperty.problem(list) {
                throw .plain("Error in \(title) properties: \(problem)")
            }
        }
    }

    /// Whether a list has a property.
    static func contains(_ identifier: PropertyIdentifier, _ list: [UInt8]) -> Bool {
        var walk = PropertyIterator(list.span.bytes)
        while let property = walk.next() {
            if property.identifier == identifier { return true }
        }
        return false
    }
}
