// SPDX-License-Identifier: Apache-2.0
// Whom to call for persistence events, in plain memory.

/// The functions that are registered for each event, one behind the other.
///
/// ```
/// starts:  | event 0 | event 1 | … | event 30 | end |        targets: | function, data | function, data | …
/// ```
/// Several events are told for each message: an array of arrays would count a reference each time. Invariant:
/// `starts` never falls. The owner frees it.
struct UnsafeTargetTable {
    /// A function with what it is called with.
    struct Target {
        let function: Callback.Function
        let userData: UnsafeMutableRawPointer?
    }

    private let starts: UnsafeMutablePointer<Int>
    private let targets: UnsafeMutablePointer<Target>

    init(_ callbacks: [[Callback]]) {
        assert(callbacks.count == PluginEvent.numberMax + 1, "a list for each event")
        starts = .allocate(capacity: callbacks.count + 1)
        targets = .allocate(capacity: max(1, callbacks.reduce(0) { $0 + $1.count }))
        var count = 0
        for (event, list) in callbacks.enumerated() {
            (starts + event).initialize(to: count)
            for callback in list {
                let target = Target(function: callback.function, userData: callback.userData)
                (targets + count).initialize(to: target)
                count += 1
            }
        }
        (starts + callbacks.count).initialize(to: count)
    }

    /// Gives its memory back: nobody may ask any more.
    func free() {
        starts.deallocate()
        targets.deallocate()
    }

    /// Whether nobody has registered for an event.
    @inline(__always)
    func isEmpty(_ event: PluginEvent) -> Bool {
        starts[Int(event.rawValue)] == starts[Int(event.rawValue) + 1]
    }

    /// Calls whoever has registered for an event; `number` is what they are told it is.
    @inline(__always)
    func call(_ event: PluginEvent, as number: PluginEvent, _ data: UnsafeMutableRawPointer) {
        let first = starts[Int(event.rawValue)]
        let end = starts[Int(event.rawValue) + 1]
        assert(first <= end, "one list behind the other")
        for index in first..<end {
            _ = targets[index].function(number.rawValue, data, targets[index].userData)
        }
    }
}
