// SPDX-License-Identifier: Apache-2.0
// Whom a question was put to.

import Isolation

/// Whom a question was put to: what of a `Callback` is needed for its answer.
///
/// Plugins and their figures live as long as the process.
struct CallbackReference: Sendable {
    unowned(unsafe) let plugin: LoadedPlugin
    private let figures: CallbackStatistics.Reference
    let event: PluginEvent
    let remoteNumber: UInt32

    @inline(__always)
    init(_ callback: Callback) {
        plugin = callback.plugin
        figures = callback.figures
        event = callback.event
        remoteNumber = callback.remoteNumber
    }

    /// Counts a call, and warns when it was slow.
    @inline(__always)
    func note(code: CInt, nanoseconds: Int64, _ watch: Stopwatch) {
        figures.note(code: code, nanoseconds: nanoseconds, watch)
    }

    /// Counts a call among others if it was short, and by itself if not.
    @inline(__always)
    func note(_ answer: PlainAnswer, among others: inout ShortCalls, _ watch: Stopwatch) {
        let (code, nanoseconds) = (answer.code, answer.nanoseconds)
        if !others.take(figures, code: code, nanoseconds: nanoseconds) {
            note(code: code, nanoseconds: nanoseconds, watch)
        }
    }
}
