// SPDX-License-Identifier: Apache-2.0
// A bridge, ready to be run.

package import Config
package import Net

/// What a bridge does, compiled: its topics, and how each of its addresses is reached.
package struct BridgePlan: Sendable {
    /// What the file says.
    let configuration: BridgeConfiguration
    /// Its topics.
    let topics: BridgeTopicMap
    /// How its addresses are reached, in the order of the file.
    let targets: [OutgoingPlan]

    /// Makes a plan of what has been checked.
    package init(_ configuration: BridgeConfiguration, targets: [OutgoingPlan]) {
        assert(targets.count == configuration.addresses.count, "each address is reached somehow")
        self.configuration = configuration
        topics = BridgeTopicMap(configuration.topics)
        self.targets = targets
    }

    /// Plans for all bridges of a configuration; the first thing that is wrong ends it.
    static func plans(
        for configuration: Configuration
    ) throws(TransportSetupError) -> [BridgePlan] {
        configuration.bridges.map { bridge in
            BridgePlan(
                bridge,
                targets: bridge.addresses.map {
                    OutgoingPlan(to: .host($0.host, port: UInt16(clamping: $0.port)))
                }
            )
        }
    }

    /// Whether what waits for the remote is forgotten with each connection.
    var isCleanHere: Bool { configuration.localCleansession ?? configuration.cleansession }
}
