// SPDX-License-Identifier: Apache-2.0
// The configuration as reactors use it.

package import Config
import MQTT
import Net
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
    /// The bridges in the order of the file; empty before their files have been read.
    let bridges: [BridgePlan]

    /// Derives settings; listeners keep their connection counts from `previous`.
    package init(
        _ configuration: Configuration,
        _ prepared: PreparedTransports = PreparedTransports(plans: [], bridges: []),
        previous: Settings? = nil
    ) {
        self.configuration = configuration
        let plans = configuration.listeners.indices.map { index in
            index < prepared.plans.count ? prepared.plans[index] : TransportPlan()
        }
        transports = plans
        bridges = prepared.bridges
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
