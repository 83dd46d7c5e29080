// SPDX-License-Identifier: Apache-2.0
// What is asked for one event on one listener.

/// What is asked for one event on one listener: lists in order, each with callbacks in order.
final class CallbackChain: Sendable {
    /// The built-in files first, then global plugins, then those of the listener; none is empty.
    let lists: [[Callback]]
    /// All callbacks, one after the other.
    let all: [Callback]
    /// The only one, if there is no other.
    let sole: Callback?
    /// Where each list ends among all.
    let ends: [Int]
    /// Every plugin in it allows calls on any thread.
    let isDirect: Bool
    /// Some plugin in it runs in a process of its own.
    let hasIsolated: Bool
    /// Every one of those in the broker's own process does.
    let isDirectHere: Bool
    /// Every plugin in it decides about access by client and topic alone.
    let isByTopic: Bool

    init(_ lists: [[Callback]]) {
        let lists = lists.filter { !$0.isEmpty }
        self.lists = lists
        let all = lists.flatMap { $0 }
        self.all = all
        sole = all.count == 1 ? all[0] : nil
        ends = lists.indices.map { lists[...$0].reduce(0) { $0 + $1.count } }
        isDirect = lists.allSatisfy { $0.allSatisfy { $0.plugin.isDirect } }
        hasIsolated = lists.contains { $0.contains { $0.plugin.isolated != nil } }
        isDirectHere = lists.allSatisfy { list in
            list.allSatisfy { $0.plugin.isDirect || $0.plugin.isolated != nil }
        }
        isByTopic = lists.allSatisfy { $0.allSatisfy { $0.plugin.decidesByTopic } }
    }

    /// Nobody asks for the event.
    var isEmpty: Bool { lists.isEmpty }
}
