// SPDX-License-Identifier: Apache-2.0
// listClients, getClient, disconnectClient, deleteSession.

import JSON

extension ControlCommand {
    /// What clients are there.
    static let clients: [ControlCommand] = [
        ControlCommand("listClients") { call throws(ControlFailure) in
            let query = try ClientQuery(call.arguments)
            call.broker.listClients(query) { call.answer($0.data("clients")) }
        },
        ControlCommand("getClient") { call throws(ControlFailure) in
            let name = try call.arguments.requiredText("clientid")
            let home = call.broker.workers[call.broker.home(of: name)]
            home.post { worker in
                guard let session = worker.sessions[name] else {
                    return call.fail(.noClient(name))
                }
                var data = JSONMembers()
                data.add("client", ClientReport(session, WallClock(worker.reactor)).value)
                call.answer(data.object)
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

extension ControlFailure {
    /// There is no session of that client identifier.
    static func noClient(_ name: String) -> ControlFailure {
        ControlFailure("Client \(quoted(name)) not found")
    }
}
