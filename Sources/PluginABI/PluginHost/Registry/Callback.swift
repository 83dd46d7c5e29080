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
    let figures: CallbackStatistics.Reference
    let function: Function
    let userData: UnsafeMutableRawPointer?
    /// What it is called in the process that has it; 0 in the broker's own.
    let remoteNumber: UInt32

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
        remoteNumber = 0
        figures = CallbackStatistics.Reference(plugin.statistics.row(event))
    }

    /// A function in the process of its plugin, where it has a number.
    init(number: Int, event: PluginEvent, plugin: LoadedPlugin, remote: UInt32) {
        assert(plugin.isolated != nil, "a plugin in a process of its own")
        self.number = number
        self.event = event
        self.plugin = plugin
        function = { _, _, _ in preconditionFailure("called in its own process alone") }
        userData = nil
        remoteNumber = remote
        figures = CallbackStatistics.Reference(plugin.statistics.row(event))
    }

    /// Whether it runs in a process of its plugin's own.
    var isRemote: Bool { remoteNumber != 0 }

    /// Calls the function, measures it, and warns when it was slow.
    ///
    /// - Returns: what the function returned, a `MOSQ_ERR_*`.
    func call<Data>(_ data: inout Data, _ watch: Stopwatch) -> CInt {
        let start = MonotonicTime.nanoseconds()
        let code = withUnsafeMutableBytes(of: &data) {
            function(event.rawValue, $0.baseAddress, userData)
        }
        note(code: code, nanoseconds: MonotonicTime.nanoseconds() - start, watch)
        return code
    }

    /// Calls the function without measuring it.
    @inline(__always)
    func callUnmeasured<Data>(_ data: inout Data) -> CInt {
        withUnsafeMutableBytes(of: &data) { function(event.rawValue, $0.baseAddress, userData) }
    }

    /// Calls the function without measuring it; what it returns does not count.
    @inline(__always)
    func tell<Data>(_ data: inout Data, as event: PluginEvent) {
        withUnsafeMutableBytes(of: &data) { _ = function(event.rawValue, $0.baseAddress, userData) }
    }

    /// Notes calls that were measured together.
    func note(calls: Int, mean: Int64, _ watch: Stopwatch) {
        figures.note(code: 0, nanoseconds: mean, calls: calls, watch)
    }

    /// Counts a call, and warns when it was slow.
    @inline(__always)
    func note(code: CInt, nanoseconds: Int64, _ watch: Stopwatch) {
        figures.note(code: code, nanoseconds: nanoseconds, watch)
    }

    /// Whether `function` is the same.
    func isFunction(_ other: Function) -> Bool {
        unsafeBitCast(function, to: UInt.self) == unsafeBitCast(other, to: UInt.self)
    }
}
