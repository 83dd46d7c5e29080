// SPDX-License-Identifier: Apache-2.0
// What is done about clients.

import JSON

/// What is to be done about clients.
enum ClientAction: Sendable {
    /// Their connections are closed; with their wills, or not.
    case disconnect(publishesWill: Bool)
    /// Their sessions end.
    case delete
}

/// What one worker has done, or would do.
struct ClientActionPart: Sendable {
    /// So many that are named.
    static let namedMax = 100

    var count = 0
    /// The first ones that were found.
    var names: [String] = []
}

extension ClientAction {
    /// Does it to one session, on its thread.
    func perform(on session: Session) {
        switch self {
        case .disconnect(let publishesWill):
            session.worker.kick(session, publishesWill: publishesWill)
        case .delete: session.worker.remove(session)
        }
    }

    /// Why it cannot be done to a session; nil if it can.
    func obstacle(_ session: Session, _ name: String) -> ControlFailure? {
        if session.identity.isOwnBridge {
            return ControlFailure(
                "Client \(ControlFailure.quoted(name)) is a bridge of this broker"
            )
        }
        if case .disconnect = self, session.peer == nil {
            return ControlFailure("Client \(ControlFailure.quoted(name)) is not connected")
        }
        return nil
    }
}

extension ControlCall {
    /// Does something about the client the command names, or about those it describes, and says how
    /// many those are.
    func act(_ action: ClientAction) throws(ControlFailure) {
        let isDryRun = try arguments.flag("dry-run")
        if let name = try arguments.text("clientid") {
            return act(action, on: name, isDryRun: isDryRun)
        }
        let filter = try ClientFilter(arguments)
        guard !filter.isEmpty else {
            throw ControlFailure("Missing 'clientid', or a filter; the pattern '*' means all")
        }
        let exception = actor.clientIdentifier
        broker.gather { worker, handIn in
            let walk = SessionsWalk(
                worker,
                filter,
                but: exception,
                action,
                isDryRun: isDryRun
            )
            worker.slice(walk.step, handIn)
        } _: { [self] (parts: [ClientActionPart]) in
            answer(Self.data(parts.reduce(0) { $0 + $1.count }, parts.flatMap(\.names)))
        }
    }

    private func act(_ action: ClientAction, on name: String, isDryRun: Bool) {
        broker.workers[broker.home(of: name)].post { [self] worker in
            guard let session = worker.sessions[name] else { return fail(.noClient(name)) }
            if let obstacle = action.obstacle(session, name) { return fail(obstacle) }
            if !isDryRun { action.perform(on: session) }
            answer(Self.data(1, [name]))
        }
    }

    private static func data(_ count: Int, _ names: [String]) -> JSONValue {
        var data = JSONMembers()
        data.add("count", count)
        let first = names.sorted { $0.precedes($1) }.prefix(ClientActionPart.namedMax)
        data.add("clients", Array(first))
        return data.object
    }
}
