// SPDX-License-Identifier: Apache-2.0
// What a worker keeps about its questions to plugins in processes of their own.

import Core

/// What a worker keeps about its questions to plugins in processes of their own.
///
/// `@unchecked Sendable`: touched on the thread of its worker alone.
final class WorkerDesk: @unchecked Sendable {
    var order = AnswerOrder()
    /// Batches of answers that go through the mailbox, behind what plugins have published before; later
    /// ones must not overtake them.
    var mailedCount = 0
    private var touched: [IsolatedPlugin] = []

    /// A plugin has been asked something, and its process is woken with `flush`.
    func touch(_ plugin: IsolatedPlugin) {
        if !touched.contains(where: { $0 === plugin }) { touched.append(plugin) }
    }

    /// Wakes the processes of all plugins that have been asked something since.
    func flush() {
        guard !touched.isEmpty else { return }
        for plugin in touched { plugin.flush() }
        touched.removeAll(keepingCapacity: true)
    }
}
