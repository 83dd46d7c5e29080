// SPDX-License-Identifier: Apache-2.0
// Access checks: on the spot where plugins may be called here, else by a question.

import MQTT

extension Worker {
    /// What the clients of a listener are asked and told about.
    @inline(__always)
    func events(on listener: ListenerSettings?) -> HookEvents { events(on: listener?.index) }

    /// What the clients of a listener, by its number, are asked and told about.
    @inline(__always)
    func events(on listener: Int?) -> HookEvents {
        if let publishedEvents { return publishedEvents.events(on: listener) }
        return hooks?.events(on: listener) ?? []
    }

    /// What a client is asked and told about; nobody is asked what a bridge of this broker may do.
    @inline(__always)
    func events(of identity: ClientIdentity) -> HookEvents {
        let events = events(on: identity.listenerIndex)
        return identity.isOwnBridge ? events.subtracting(.access) : events
    }

    /// Asks for access on the spot; only with `accessIsDirect`.
    ///
    /// 0 allows.
    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 {
        guard let hooks else { return 0 }
        work &+= InputShare.questionWork
        let code = hooks.checkAccess(kind, client, publication)
        counters.authorization(kind, isAllowed: code == 0, by: .plugin)
        return code
    }

    /// Asks for access to a filter on the spot.
    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        filter: [UInt8],
        qos: UInt8
    ) -> Int32 {
        UnsafePublication.with(topic: filter, qos: qos) { checkAccess(kind, client, $0) }
    }

    /// Whether a client may publish a stored message, now; `body` learns it, at once or later.
    func checkWrite(
        _ client: ClientIdentity,
        _ message: Message,
        _ body: @escaping (Bool) -> Void
    ) {
        let events = events(on: client.listener)
        guard events.contains(.access) else { return body(true) }
        if events.contains(.accessIsDirect) {
            return body(message.withPublication { checkAccess(.write, client, $0) } == 0)
        }
        _ = ask(.publishStored(client, message)) { [self] answer in
            guard case .publishStored(let isAllowed) = answer else { return }
            counters.authorization(.write, isAllowed: isAllowed, by: .plugin)
            body(isAllowed)
        }
    }
}
