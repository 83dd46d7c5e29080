// SPDX-License-Identifier: Apache-2.0
// What a returning client may still get.

import Inflight
import MQTT
import Topics

extension Worker {
    /// Asks again for every message that waits for a returning client; `body` runs when the denied
    /// ones are gone, and nothing of them goes out before.
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
        let live = places.filter { session.outgoing.window.state(at: $0) != .ended }
        if events.contains(.accessIsDirect) {
            session.dropOutgoing(in: places) { place in
                session.outgoing[place].withPublication { checkAccess(.read, identity, $0) != 0 }
            }
            return body()
        }
        let questions = live.map { place in
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
                let denied = Set(zip(live, decisions).filter(\.1.isDenied).map(\.0))
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
