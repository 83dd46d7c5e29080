// SPDX-License-Identifier: Apache-2.0
// listClients, getClient, disconnectClient, deleteSession.

import JSON

extension ControlCommand {
    /// What clients are there.
    static let clients: [ControlCommand] = [
        ControlCommand("listClients") { call throws(ControlFailure) in
            if try call.arguments.text("state")?.lowercased() == "closed" {
                let filter = try ClientFilter(call.arguments, isOfClosed: true)
                let page = try PageRequest(call.arguments, of: .endings)
                return call.broker.listEndings(filter, page) { call.answer($0.data("clients")) }
            }
            let query = try ClientQuery(call.arguments)
            call.broker.listClients(query) { call.answer($0.data("clients")) }
        },
        ControlCommand("getClient") { call throws(ControlFailure) in
            let name = try call.arguments.requiredText("clientid")
            let home = call.broker.workers[call.broker.home(of: name)]
            home.post { worker in
                let report = worker.sessions[name].map {
                    ClientReport($0, WallClock(worker.reactor)).members
                }
                worker.broker.endings(of: name) { endings in
                    call.answer(name, report, endings)
                }
            }
        },
        ControlCommand("disconnectClient", isChange: true) { call throws(ControlFailure) in
            let isWithoutWill = try call.arguments.flag("without-will")
            try call.act(.disconnect(publishesWill: !isWithoutWill))
        },
        ControlCommand("deleteSession", isChange: true) { call throws(ControlFailure) in
            try call.act(.delete)
        },
    ]
}

extension ControlCall {
    /// What there is to say of a client that has a session, or of which connections are remembered.
    fileprivate func answer(_ name: String, _ report: JSONMembers?, _ endings: [JSONValue]) {
        guard report != nil || !endings.isEmpty else { return fail(.noClient(name)) }
        var client = report ?? JSONMembers()
        if report == nil {
            client.add("clientid", name)
            client.add("state", "closed")
        }
        if !endings.isEmpty { client.add("endings", .array(endings)) }
        var data = JSONMembers()
        data.add("client", client.object)
        answer(data.object)
    }
}

extension ControlFailure {
    /// There is no session of that client identifier.
    static func noClient(_ name: String) -> ControlFailure {
        ControlFailure("Client \(quoted(name)) not found")
    }
}
