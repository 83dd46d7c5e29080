// SPDX-License-Identifier: Apache-2.0
// What a returning client may still get.

import Inflight
import MQTT
import Topics

extension Worker {
    /// Asks again for every message that a returning client has yet to take; `body` runs when the denied
    /// ones are gone, and nothing of them goes out before.
    ///
    /// One whose PUBREC has come is not asked about: the client has it, and a PUBREL that never came
    /// would leave it with an identifier that looks taken [MQTT-4.4.0-1].
    func recheckDeliveries(
        of session: Session,
        to outlet: Outlet,
        _ body: @escaping () -> Void
    ) {
        let identity = session.identity
        let events = events(on: identity.listener)
        guard events.contains(.access), !session.outgoing.window.isEmpty else { return body() }
        // Only what waits now is asked about. As nothing goes out or is acknowledged meanwhile, the
        // places stay.
        let places = session.outgoing.window.places
        if events.contains(.accessIsDirect) {
            session.dropOutgoing(in: places) { place in
                session.outgoing[place].withPublication { checkAccess(.read, identity, $0) != 0 }
            }
            return body()
        }
        let due = places.filter {
            switch session.outgoing.window.state(at: $0) {
            case .ended, .awaitingPubcomp: false
            default: true
            }
        }
        let questions = due.map { place in
            let form = session.form(at: place)
            return DeliveryQuestion(
                message: session.outgoing[place],
                qos: form.qos,
                isRetained: form.isRetained,
                checksAccess: true,
                isFiltered: false
            )
        }
        outlet.isRechecking = true
        _ = ask(.deliver(identity, questions)) { answer in
            guard session.outlet === outlet, outlet.isRechecking else { return }
            outlet.isRechecking = false
            if case .deliver(let decisions) = answer {
                let denied = Set(zip(due, decisions).filter(\.1.isDenied).map(\.0))
                session.dropOutgoing(in: places) { denied.contains($0) }
            }
            body()
        }
    }
}

extension DeliveryDecision {
    fileprivate var isDenied: Bool {
        if case .denied = self { true } else { false }
    }
}
