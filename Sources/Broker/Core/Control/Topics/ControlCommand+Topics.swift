// SPDX-License-Identifier: Apache-2.0
// listSubscriptions, matchTopic.

import TopicRules

extension ControlCommand {
    /// Who is subscribed to what.
    static let topics: [ControlCommand] = [
        ControlCommand("listSubscriptions") { call throws(ControlFailure) in
            let filter = try SubscriptionFilter(call.arguments)
            let page = try PageRequest(call.arguments, of: .subscriptions)
            try call.listSubscriptions(filter, page)
        },
        ControlCommand("matchTopic") { call throws(ControlFailure) in
            let topic = Array(try call.arguments.requiredText("topic").utf8)
            guard TopicRules.isName(topic.span) else {
                throw ControlFailure("Invalid 'topic': not a topic name")
            }
            let filter = try SubscriptionFilter(call.arguments, topic: topic)
            try call.listSubscriptions(filter, try PageRequest(call.arguments, of: .matches))
        },
    ]
}

extension ControlCall {
    /// Lists the subscriptions that are meant: those of one client, or of all.
    fileprivate func listSubscriptions(
        _ filter: SubscriptionFilter,
        _ page: PageRequest
    ) throws(ControlFailure) {
        guard let name = try arguments.text("clientid") else {
            return broker.gather { worker, handIn in
                worker.slice(SubscriptionsWalk(worker, filter, page).step, handIn)
            } _: { [self] parts in
                answer(ListPage(page, parts).data("subscriptions"))
            }
        }
        broker.workers[broker.home(of: name)].post { [self] worker in
            guard let session = worker.sessions[name] else { return fail(.noClient(name)) }
            let walk = SubscriptionsWalk(worker, filter, page, of: session)
            worker.slice(walk.step) { [self] part in
                answer(ListPage(page, [part]).data("subscriptions"))
            }
        }
    }
}
