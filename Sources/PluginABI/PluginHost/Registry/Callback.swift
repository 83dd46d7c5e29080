// SPDX-License-Identifier: Apache-2.0
// One registered callback, and how it is called.

import CMosquitto
import Log
import Net

/// A function that a plugin has registered for an event.
///
/// `@unchecked Sendable`: the pointer is never looked behind, only handed to the function. Plugins and
/// their figures live as long as the process, so that reactors need not count references to them.
struct Callback: @unchecked Sendable {
    /// The C type of all callbacks.
    typealias Function =
        @convention(c) (CInt, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> CInt

    /// Distinguishes registrations; from 1.
    let number: Int
    let event: PluginEvent
    unowned(unsafe) let plugin: LoadedPlugin
    private let figures: Unmanaged<CallbackStatistics.Row>
    let function: Function
    let userData: UnsafeMutableRawPointer?

    init(
        number: Int,
        event: PluginEvent,
        plugin: LoadedPlugin,
        function: @escaping Function,
        userData: UnsafeTransfer
    ) {
        self.number = number
        self.event = event
        self.plugin = plugin
        self.function = function
        self.userData = userData.pointer
        figures = Unmanaged.passUnretained(plugin.statistics.row(event))
    }

    /// Calls the function, measures it, and warns when it was slow.
    ///
    /// - Returns: what the function returned, a `MOSQ_ERR_*`.
    func call<Data>(_ data: inout Data, _ watch: Stopwatch) -> CInt {
        let start = MonotonicTime.nanoseconds()
        let code = withUnsafeMutableBytes(of: &data) {
            function(event.rawValue, $0.baseAddress, userData)
        }
        let duration = MonotonicTime.nanoseconds() - start
        figures._withUnsafeGuaranteedRef { $0.note(code: code, nanoseconds: duration, watch) }
        return code
    }

    /// Calls the function without measuring it; what it returns does not count.
    @inline(__always)
    func tell<Data>(_ data: inout Data, as event: PluginEvent) {
        withUnsafeMutableBytes(of: &data) { _ = function(event.rawValue, $0.baseAddress, userData) }
    }

    /// Notes calls that were measured together.
    func note(calls: Int, mean: Int64, _ watch: Stopwatch) {
        figures._withUnsafeGuaranteedRef {
            $0.note(code: 0, nanoseconds: mean, calls: calls, watch)
        }
    }

    /// Whether `function` is the same.
    func isFunction(_ other: Function) -> Bool {
        unsafeBitCast(function, to: UInt.self) == unsafeBitCast(other, to: UInt.self)
    }
}

/// What is asked for one event on one listener: lists in order, each with callbacks in order.
final class CallbackChain: Sendable {
    /// The built-in files first, then global plugins, then those of the listener; none is empty.
    let lists: [[Callback]]
    /// Every plugin in it allows calls on any thread.
    let isDirect: Bool
    /// Every plugin in it decides about access by client and topic alone.
    let isByTopic: Bool

    init(_ lists: [[Callback]]) {
        self.lists = lists.filter { !$0.isEmpty }
        isDirect = lists.allSatisfy { $0.allSatisfy { $0.plugin.isDirect } }
        isByTopic = lists.allSatisfy { $0.allSatisfy { $0.plugin.decidesByTopic } }
    }

    /// Nobody asks for the event.
    var isEmpty: Bool { lists.isEmpty }

    /// All callbacks, one after the other.
    var all: [Callback] { lists.flatMap { $0 } }
}
