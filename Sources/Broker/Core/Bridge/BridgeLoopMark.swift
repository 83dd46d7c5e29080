// SPDX-License-Identifier: Apache-2.0
// Which brokers a message has passed on its way over bridges.

import MQTT

/// The names of brokers that a message has passed, as user properties of its PUBLISH: so that in a ring of
/// brokers it comes to an end, through brokers of others too, as these pass user properties on
/// [MQTT-3.3.2-17].
///
/// Who sends over a bridge of 5.0 adds its own name, and who takes from one adds the remote's, which the
/// remote says in CONNACK when a bridge tells its own in CONNECT. A message does not go to where it has
/// been, and is not taken in where it has been. Of what comes from a remote without a name it is known only
/// that it has come in here: that keeps it from coming in again, and not from going on.
///
/// Invariant: the remote, if it has a name, is another broker.
struct BridgeLoopMark {
    /// The name of the user properties that name a broker which has passed the message on.
    static let key = Array("bridged-by".utf8)
    /// The name of those that name a broker which has taken it from a remote without a name.
    static let entryKey = Array("bridged-into".utf8)

    /// This broker's name.
    private let own: [UInt8]
    /// The remote's; nil where it has not said one.
    private let remote: [UInt8]?
    /// The user property that goes out with messages, encoded.
    let exitProperty: [UInt8]
    /// The user property that messages come in with, encoded.
    let entryProperty: [UInt8]

    /// Takes this broker's name and what the remote has said of itself.
    init(own: String, remote: [UInt8]?) {
        self.own = Array(own.utf8)
        assert(remote != self.own, "a broker that is called the same is no remote")
        self.remote = remote
        exitProperty = Self.property(naming: self.own)
        entryProperty =
            remote.map { Self.property(naming: $0) }
            ?? Self.property(Self.entryKey, naming: self.own)
    }

    /// The user property that names a broker, encoded.
    static func property(_ key: [UInt8] = key, naming name: [UInt8]) -> [UInt8] {
        var writer = PropertyWriter()
        writer.appendUserProperty(name: key, value: name)
        return writer.bytes
    }

    /// The name that encoded properties of CONNECT or CONNACK give; nil if they give none.
    static func name(in properties: [UInt8]) -> [UInt8]? {
        var found: [UInt8]?
        properties.withUnsafeBytes { bytes in
            _ = hasName(bytes) { key, name in
                guard isSame(key, Self.key) else { return false }
                found = Array(name)
                return true
            }
        }
        return found
    }

    /// Whether a message with these properties has been at this broker, so that it is not taken in again.
    func hasBeenHere(_ properties: UnsafeRawBufferPointer) -> Bool {
        Self.hasName(properties) { key, name in
            Self.isSame(name, own)
                && (Self.isSame(key, Self.key) || Self.isSame(key, Self.entryKey))
        }
    }

    /// Whether a message with these properties does not go out: it has been at the remote, or here, and
    /// then has come round another way.
    func staysHere(_ properties: UnsafeRawBufferPointer) -> Bool {
        Self.hasName(properties) { key, name in
            Self.isSame(key, Self.key)
                && (Self.isSame(name, own) || remote.map { Self.isSame(name, $0) } ?? false)
        }
    }

    private static func isSame(_ name: UnsafeRawBufferPointer, _ other: [UInt8]) -> Bool {
        name.count == other.count && name.elementsEqual(other)
    }

    /// Whether `condition` holds for name and value of a user property among encoded ones.
    private static func hasName(
        _ properties: UnsafeRawBufferPointer,
        where condition: (_ key: UnsafeRawBufferPointer, _ name: UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        guard !properties.isEmpty else { return false }
        var walk = PropertyIterator(properties.bytes)
        while let property = walk.next() {
            guard case .stringPair(let key, let value) = property.value else { continue }
            let isFound = condition(
                UnsafeRawBufferPointer(rebasing: properties[key]),
                UnsafeRawBufferPointer(rebasing: properties[value])
            )
            if isFound { return true }
        }
        return false
    }
}
