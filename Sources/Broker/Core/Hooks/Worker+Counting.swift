// SPDX-License-Identifier: Apache-2.0
// What plugins have decided about access when they were asked, counted.

import MQTT

extension Worker {
    /// Counts what was decided about a publication of a client.
    func count(_ decision: PublishDecision, for listener: ListenerSettings) {
        guard events(on: listener).contains(.access) else { return }
        switch decision {
        case .accepted: counters.authorization(.write, isAllowed: true, by: .plugin)
        case .refused(.notAuthorized):
            counters.authorization(.write, isAllowed: false, by: .plugin)
        case .refused, .disconnect: break
        }
    }

    /// Counts what was decided about a filter.
    func count(_ kind: AccessKind, _ decision: FilterDecision) {
        switch decision {
        case .allowed: counters.authorization(kind, isAllowed: true, by: .plugin)
        case .denied: counters.authorization(kind, isAllowed: false, by: .plugin)
        }
    }

    /// Counts what was decided about a delivery.
    func count(_ decision: DeliveryDecision, about question: DeliveryQuestion) {
        guard question.checksAccess else { return }
        switch decision {
        case .allowed, .replaced: counters.authorization(.read, isAllowed: true, by: .plugin)
        // A plugin that did not want the message on its way out has let it be read.
        case .denied:
            counters.authorization(.read, isAllowed: question.isFiltered, by: .plugin)
        }
    }
}
