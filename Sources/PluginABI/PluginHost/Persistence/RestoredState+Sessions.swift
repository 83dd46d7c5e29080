// SPDX-License-Identifier: Apache-2.0
// What sessions have is given back; results are those of the plugin interface.

import CMosquitto
import Core
import Inflight
import MQTT
import Persist
import Results

extension RestoredState {
    // MARK: Subscriptions and wills

    func subscribe(_ name: String, _ image: SubscriptionImage) -> CInt {
        var code = ResultCode.notFound
        change(name) { session in
            let place = session.stored.image.subscriptions.firstIndex {
                $0.filter == image.filter && $0.shareName == image.shareName
            }
            if let place {
                session.stored.image.subscriptions[place] = image
                code = ResultCode.subscriptionExists
            } else {
                session.stored.image.subscriptions.append(image)
                code = ResultCode.success
            }
        }
        return code
    }

    func unsubscribe(_ name: String, _ filter: [UInt8], _ shareName: [UInt8]?) -> CInt {
        guard session(name) != nil else { return ResultCode.notFound }
        change(name) { session in
            session.stored.image.subscriptions.removeAll {
                $0.filter == filter && $0.shareName == shareName
            }
        }
        return ResultCode.success
    }

    func setWill(_ name: String, _ will: Will) {
        change(name) { session in
            var will = will
            // The interval may have come with the session alone.
            will.delayInterval = max(will.delayInterval, session.willDelayInterval)
            session.stored.image.will = will
            session.hasWill = true
        }
    }

    // MARK: Deliveries

    /// Queues a message, or notes it as received.
    func add(_ delivery: DatabaseDelivery, entry: UInt64) {
        refer(to: delivery.message)
        var isTaken = true
        change(delivery.clientIdentifier) { session in
            let next = session.lastEntry == .max ? 1 : session.lastEntry + 1
            let number = UInt32(exactly: entry).flatMap { $0 == 0 ? nil : $0 } ?? next
            isTaken = session.stored.image.add(delivery)
            guard isTaken, delivery.direction == .outgoing else { return }
            session.lastEntry = max(session.lastEntry, number)
            session.stored.image.outgoing[session.stored.image.outgoing.count - 1].entry = number
            if delivery.qos > 0, delivery.identifier != 0 {
                session.stored.image.lastIdentifier = delivery.identifier
            }
        }
        if !isTaken { release(delivery.message) }
    }

    /// Removes the first delivery that fits.
    func removeDelivery(_ message: mosquitto_client_msg, of name: String) {
        var removed: MessageNumber?
        change(name) { session in
            if message.direction == UInt8(mosq_bmd_in.rawValue) {
                let place = session.stored.image.incoming.firstIndex {
                    $0.identifier == message.mid
                }
                removed = place.map { session.stored.image.incoming.remove(at: $0).message }
            } else {
                let place = session.stored.image.outgoing.firstIndex {
                    Self.isSame($0, message)
                }
                removed = place.map { session.stored.image.outgoing.remove(at: $0).message }
            }
        }
        if let removed { release(removed) }
    }

    /// Sets how far the first outgoing delivery that fits has come.
    func updateDelivery(
        _ message: mosquitto_client_msg,
        to state: DatabaseDelivery.State,
        of name: String
    ) {
        change(name) { session in
            let place = session.stored.image.outgoing.firstIndex { Self.isSame($0, message) }
            guard let place else { return }
            let before = session.stored.image.outgoing[place]
            let delivery = DatabaseDelivery(
                clientIdentifier: name,
                message: before.message,
                identifier: message.mid,
                qos: before.qos,
                isRetained: before.isRetained,
                isDuplicate: false,
                direction: .outgoing,
                state: state,
                subscriptionIdentifier: before.subscriptionIdentifier
            )
            guard let image = delivery.outgoing else { return }
            session.stored.image.outgoing[place].progress = image.progress
        }
    }

    /// Removes all deliveries of one direction.
    func clearDeliveries(isOutgoing: Bool, of name: String) {
        var removed: [MessageNumber] = []
        change(name) { session in
            if isOutgoing {
                removed = session.stored.image.outgoing.map(\.message)
                session.stored.image.outgoing = []
            } else {
                removed = session.stored.image.incoming.map(\.message)
                session.stored.image.incoming = []
            }
        }
        for number in removed { release(number) }
    }

    /// Whether a delivery is the one that a plugin means: by its identifier, or by its message while it has
    /// none.
    private static func isSame(_ image: OutgoingImage, _ message: mosquitto_client_msg) -> Bool {
        guard image.qos == message.qos else { return false }
        if let identifier = image.identifier { return identifier == message.mid }
        return message.store_id == 0 || image.message == message.store_id
    }
}
