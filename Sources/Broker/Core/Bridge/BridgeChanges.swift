// SPDX-License-Identifier: Apache-2.0
// What a reload means for the bridges.

package import Config

/// What has to be done about each bridge when another configuration comes into force.
///
/// Bridges are the same that have the same name and the same session: who gets another
/// `local_clientid` is another bridge, for its session may live on another worker. Files that options
/// name are not looked at; what was read of them anew is used with the next connection of any bridge.
///
/// Invariant: each bridge of either configuration is in exactly one of the lists, once.
package struct BridgeChanges: Sendable, Equatable {
    /// To be disconnected and forgotten with their sessions, as they were.
    ///
    /// Before anything else: a new one may take over an identifier.
    package private(set) var removed: [BridgeConfiguration] = []
    /// To be made; with sessions of their own.
    package private(set) var added: [BridgeConfiguration] = []
    /// To be changed, as they are to be: at once where their `reloadType` is `immediate`, else when
    /// they are next found disconnected.
    package private(set) var changed: [BridgeConfiguration] = []
    /// To be left alone.
    package private(set) var unchanged: [BridgeConfiguration] = []

    /// Compares what is in force with what is to be; names are unique in both.
    package init(from old: [BridgeConfiguration], to new: [BridgeConfiguration]) {
        let before = Dictionary(uniqueKeysWithValues: old.map { ($0.name, $0) })
        var kept: Set<String> = []
        for bridge in new {
            guard let earlier = before[bridge.name],
                earlier.localClientid == bridge.localClientid
            else {
                added.append(bridge)
                continue
            }
            kept.insert(bridge.name)
            if earlier.isSameBut(reloadTypeOf: bridge) {
                unchanged.append(bridge)
            } else {
                changed.append(bridge)
            }
        }
        removed = old.filter { !kept.contains($0.name) }
        assert(removed.count + changed.count + unchanged.count == old.count, "each is in one list")
    }
}

extension BridgeConfiguration {
    /// Whether nothing differs but when differences would come into force.
    fileprivate func isSameBut(reloadTypeOf other: BridgeConfiguration) -> Bool {
        var copy = self
        copy.reloadType = other.reloadType
        return copy == other
    }
}
