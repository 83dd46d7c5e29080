// SPDX-License-Identifier: Apache-2.0
// listRetained, getRetained, deleteRetained.

import JSON
import TopicRules
import Topics

extension ControlCommand {
    /// So much of a payload an answer has at most, and where nothing is said.
    private static let payloadMax = 4 << 20
    private static let payloadDefault = 65_536

    /// What is retained.
    static let retained: [ControlCommand] = [
        ControlCommand("listRetained") { call throws(ControlFailure) in
            let filter = try call.filter() ?? [UInt8(ascii: "#")]
            let page = try PageRequest(call.arguments, of: .retained)
            call.broker.workers[0].post { worker in
                worker.slice(RetainedWalk(worker, filter, page).step) { part in
                    call.answer(ListPage(page, [part]).data("messages"))
                }
            }
        },
        ControlCommand("getRetained") { call throws(ControlFailure) in
            let topic = try call.arguments.requiredText("topic")
            let count = try call.arguments.integer("max-bytes", in: 0...payloadMax)
            let value = call.broker.retained.value(topic: Array(topic.utf8).span.bytes)
            guard let message = value.map({ Message($0) }),
                !message.isExpired(at: WallClock().reactorNow / 1000)
            else {
                throw ControlFailure("No message is retained for \(ControlFailure.quoted(topic))")
            }
            let report = RetainedReport(message, WallClock())
            var data = JSONMembers()
            data.add("message", report.entry(payloadMax: count ?? payloadDefault))
            call.answer(data.object)
        },
        ControlCommand("deleteRetained", isChange: true) { call throws(ControlFailure) in
            guard let filter = try call.filter() else { throw ControlFailure("Missing 'filter'") }
            let isDryRun = try call.arguments.flag("dry-run")
            call.broker.workers[0].post { worker in
                let deletion = RetainedDeletion(worker, filter, isDryRun: isDryRun)
                worker.slice(deletion.step) { deletion in
                    var data = JSONMembers()
                    data.add("count", deletion.count)
                    data.add("topics", deletion.topics.sorted { $0.precedes($1) })
                    call.answer(data.object)
                }
            }
        },
    ]
}

extension ControlCall {
    /// The topic filter the command names; nil if it names none.
    fileprivate func filter() throws(ControlFailure) -> [UInt8]? {
        guard let text = try arguments.text("filter") else { return nil }
        let filter = Array(text.utf8)
        guard TopicRules.isFilter(filter.span) else {
            throw ControlFailure("Invalid 'filter': not a topic filter")
        }
        return filter
    }
}
