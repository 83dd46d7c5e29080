// SPDX-License-Identifier: Apache-2.0
// What the broker says about itself, its listeners and its bridges.

import JSON

extension ControlCommand {
    /// What there is besides clients, topics and the configuration.
    static let general: [ControlCommand] = [
        ControlCommand("getOverview") { call throws(ControlFailure) in
            MetricsReport.updateFigures(of: call.broker) {
                call.broker.perform { call.answer(OverviewReport(call.broker).data) }
            }
        },
        ControlCommand("health", isOpen: true) { call throws(ControlFailure) in
            var data = JSONMembers()
            data.add("status", call.broker.readinessWord)
            let warnings = call.broker.warnings
            if !warnings.isEmpty { data.add("warnings", warnings) }
            call.answer(data.object)
        },
        ControlCommand("listListeners", isOpen: true) { call throws(ControlFailure) in
            let listeners = call.broker.settings.listeners.map { listener in
                ListenerReport(listener, call.broker).value
            }
            call.answer(.object([.init("listeners", .array(listeners))]))
        },
        ControlCommand("listBridges", isOpen: true) { call throws(ControlFailure) in
            let bridges = call.broker.bridges.all.map(entry)
            call.answer(.object([.init("bridges", .array(bridges))]))
        },
        ControlCommand("reconnectBridge", isChange: true) { call throws(ControlFailure) in
            guard let name = try call.arguments.text("name") else {
                throw ControlFailure("Invalid/missing name")
            }
            guard call.broker.reconnectBridge(name) else {
                throw ControlFailure("Bridge \(ControlFailure.quoted(name)) not found")
            }
            call.answer()
        },
        ControlCommand("saveState", isChange: true) { call throws(ControlFailure) in
            guard call.broker.saver.save(call.broker) else {
                throw ControlFailure("Persistence is off")
            }
            call.answer()
        },
    ]

    private static func entry(_ bridge: BridgeStatus) -> JSONValue {
        var entry = JSONMembers()
        entry.add("name", bridge.name)
        entry.add("state", bridge.state.rawValue)
        entry.add("since", Timestamp.text(bridge.since))
        entry.add("address", bridge.address)
        entry.add("local-clientid", bridge.localClientIdentifier)
        entry.add("remote-clientid", bridge.remoteClientIdentifier)
        entry.add("protocol-version", Int(bridge.protocolVersion))
        entry.add("last-error", bridge.lastError)
        entry.add("next-attempt", bridge.nextAttempt.map { Timestamp.text($0) })
        return entry.object
    }
}
