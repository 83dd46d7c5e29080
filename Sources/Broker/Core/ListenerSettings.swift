// SPDX-License-Identifier: Apache-2.0
// The options of one listener as the protocol code asks for them.

package import Config
import MQTT

/// The options of one listener in the form the protocol code asks for.
package final class ListenerSettings: Sendable {
    /// Number in the configuration.
    package let index: Int
    /// What the file says.
    package let configuration: ListenerConfiguration
    /// Connection count.
    let load: ListenerLoad
    /// Whether its connections travel over TLS.
    let usesTLS: Bool
    /// Bytes put in front of every topic; empty for none.
    let mountPoint: [UInt8]
    /// Whether `mountPoint` is empty.
    let isUnmounted: Bool
    /// Whether clients without user name may come in.
    let allowsAnonymous: Bool
    /// Whether clients may leave the client identifier empty.
    let allowsEmptyClientIdentifier: Bool
    /// What made-up client identifiers begin with.
    let identifierPrefix: String
    /// Versions that are let in.
    let acceptedVersions: ProtocolVersionSet

    init(
        index: Int,
        _ listener: ListenerConfiguration,
        in configuration: Configuration,
        load: ListenerLoad,
        usesTLS: Bool
    ) {
        self.index = index
        self.configuration = listener
        self.load = load
        self.usesTLS = usesTLS
        mountPoint = Array((listener.mountPoint ?? "").utf8)
        isUnmounted = mountPoint.isEmpty
        allowsAnonymous = configuration.allowsAnonymous(on: listener)
        allowsEmptyClientIdentifier = configuration.allowsZeroLengthClientid(on: listener)
        identifierPrefix = configuration.autoIdPrefix(on: listener)
        acceptedVersions = ProtocolVersionSet(rawValue: listener.acceptProtocolVersions.rawValue)
    }

    /// What a process without listeners knows of one: its port, and what it speaks.
    package static func described(port: UInt16, isWebSocket: Bool) -> ListenerSettings {
        var listener = ListenerConfiguration(port: Int(port))
        listener.protocol = isWebSocket ? .websockets : .mqtt
        return ListenerSettings(
            index: 0,
            listener,
            in: Configuration(),
            load: ListenerLoad(),
            usesTLS: false
        )
    }
}
