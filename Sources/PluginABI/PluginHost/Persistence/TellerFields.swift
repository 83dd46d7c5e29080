// SPDX-License-Identifier: Apache-2.0
// What a teller touches for each event.

import CMosquitto
import Glibc

/// The members of a `PersistenceTeller` that each event touches.
///
/// They are behind a pointer: each access to members of an object that are changed in place is checked while the
/// broker runs, which cost more than the events.
struct TellerFields: ~Copyable {
    let references = UnsafeReferenceTable()
    /// Whom to call; for the time of `tell`.
    var targets: UnsafeTargetTable?
    /// Calls of each event since the last look at the clock, by number.
    let calls: UnsafeMutablePointer<Int>
    /// The data of events of messages.
    private let delivery = UnsafeMutablePointer<mosquitto_evt_persist_client_msg>.allocate(
        capacity: 1
    )
    private let message = UnsafeMutablePointer<mosquitto_evt_persist_base_msg>.allocate(capacity: 1)
    /// The client of the last step, and its record; for the time of `tell`.
    var lastClient: UnsafeMutableRawPointer?
    var lastRecord: Unmanaged<ClientRecord>?

    init() {
        let count = PluginEvent.numberMax + 1
        calls = .allocate(capacity: count)
        calls.initialize(repeating: 0, count: count)
    }

    deinit {
        calls.deallocate()
        delivery.deallocate()
        message.deallocate()
    }

    /// Data for an event of a delivery, all zero: the last plugin may have written into them.
    @inline(__always)
    var deliveryEvent: UnsafeMutablePointer<mosquitto_evt_persist_client_msg> {
        memset(delivery, 0, MemoryLayout<mosquitto_evt_persist_client_msg>.size)
        return delivery
    }

    /// Data for an event of a message.
    @inline(__always)
    var messageEvent: UnsafeMutablePointer<mosquitto_evt_persist_base_msg> {
        memset(message, 0, MemoryLayout<mosquitto_evt_persist_base_msg>.size)
        return message
    }
}
