// SPDX-License-Identifier: Apache-2.0
// The configuration as reactors use it.

package import Config
import MQTT
package import Net
import Synchronization

/// One configuration with what is derived from it; replaced as a whole on reload.
package final class Settings: Sendable {
    /// What the file says.
    package let configuration: Configuration
    /// By the number of the listener in the configuration.
    package let listeners: [ListenerSettings]
    /// What new connections travel over, by the number of the listener.
    ///
    /// Apart from the listeners: identities, which messages keep, hold those.
    let transports: [TransportPlan]

    /// Derives settings; listeners keep their connection counts from `previous`.
    package init(
        _ configuration: Configuration,
        transports: [TransportPlan] = [],
        previous: Settings? = nil
    ) {
        self.configuration = configuration
        let plans = configuration.listeners.indices.map { index in
            index < transports.count ? transports[index] : TransportPlan()
        }
        self.transports = plans
        listeners = configuration.listeners.enumerated().map { index, listener in
            let earlier = previous.flatMap {
                index < $0.listeners.count ? $0.listeners[index] : nil
            }
            return ListenerSettings(
                index: index,
                listener,
                in: configuration,
                load: earlier?.load ?? ListenerLoad(),
                usesTLS: plans[index].tls != nil
            )
        }
    }
}

/// How many connections a listener has; shared by all settings it ever had.
package final class ListenerLoad: Sendable {
    private let connections = Atomic<Int>(0)
    /// What the connections of an `http_api` listener hold.
    let http = HTTPMemory()

    package init() {}

    /// Counts a connection.
    ///
    /// Returns false, and counts nothing, when `limit` (> 0) is reached.
    func enter(limit: Int) -> Bool {
        let count = connections.add(1, ordering: .relaxed).newValue
        if limit > 0, count > limit {
            connections.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// A connection is gone.
    func leave() {
        connections.subtract(1, ordering: .relaxed)
    }
}

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
}
