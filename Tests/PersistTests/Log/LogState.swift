// SPDX-License-Identifier: Apache-2.0
// All that a log describes, to be compared.

import Inflight

@testable import Persist

/// Everything a log describes, in a form that can be compared.
struct LogState: Equatable {
    var sessions: [SessionNumber: SessionImage] = [:]
    var ports: [SessionNumber: UInt16] = [:]
    var detachedAt: [SessionNumber: Int64] = [:]
    var retained: [[UInt8]: MessageNumber] = [:]
    var messages: [MessageNumber: ModelMessage] = [:]

    init(_ log: RecoveredLog) {
        for (place, session) in log.sessions.enumerated() {
            var image = log.image(at: place)
            image.subscriptions.sort { $0.sortKey < $1.sortKey }
            sessions[session.number] = image
            ports[session.number] = session.identity.listenerPort
            detachedAt[session.number] = session.detachedAt
        }
        for retained in log.retained {
            guard let message = log.message(retained.message) else { continue }
            self.retained[Array(message.topic)] = retained.message
        }
        for number in named {
            messages[number] = log.message(number).map { ModelMessage($0) }
        }
    }

    /// What a log says that has been written of this model.
    init(_ model: LogModel) {
        var model = model
        model.restart()
        for (number, session) in model.sessions {
            sessions[number] = session.image
            ports[number] = session.identity.listenerPort
            detachedAt[number] = session.detachedAt
        }
        retained = model.retained.mapValues(\.message)
        for number in named { messages[number] = model.messages[number] }
    }

    private var named: Set<MessageNumber> {
        var named = Set(retained.values)
        for image in sessions.values {
            named.formUnion(image.outgoing.map(\.message))
            named.formUnion(image.incoming.map(\.message))
        }
        return named
    }
}
