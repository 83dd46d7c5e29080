// SPDX-License-Identifier: Apache-2.0
// What a bridge subscribes to at its remote.

import ClientMachine
import Config
import Log
import MQTT
import Net
import Results

extension BridgePeer {
    /// Makes the subscriptions of the configuration, and ends those that an earlier one may have left, in
    /// the order of the file: a packet each, as some servers take few filters at once.
    func subscribe() {
        for wanted in plan.requests {
            switch wanted {
            case .subscribe(let topic): subscribe(topic)
            case .unsubscribe(let filter):
                if plan.configuration.attemptUnsubscribe { unsubscribe(filter) }
            }
        }
    }

    private func subscribe(_ topic: BridgeTopicMap.Subscription) {
        // Retained messages are sent each time. No Local is nothing for shared subscriptions
        // [MQTT-3.8.3-4].
        let options = SubscriptionOptions(
            qos: min(topic.qos, remoteTerms?.maximumQoS ?? 2),
            isNoLocal: isV5 && !topic.filter.starts(with: Array("$share/".utf8)),
            isRetainAsPublished: isV5
        )
        request(.subscribe) { machine, send, output throws(RequestError) in
            let identifier = try machine.subscribe(
                [(topic.filter, options)],
                send,
                now: worker.reactor.now,
                output: &output
            )
            requested[identifier] = topic.filter
            guard log.isEnabled(.debug) else { return }
            let filter = String(decoding: topic.filter, as: UTF8.self)
            let bits = String(options.rawValue & ~3, radix: 16, uppercase: true)
            let text = bits.count < 2 ? "0" + bits : bits
            log.debug(
                "Bridge \(plan.configuration.localClientid) sending SUBSCRIBE (Mid: \(identifier), "
                    + "Topic: \(filter), QoS: \(options.rawValue & 3), Options: 0x\(text))"
            )
        }
    }

    private func unsubscribe(_ filter: [UInt8]) {
        request(.unsubscribe) { machine, send, output throws(RequestError) in
            let identifier = try machine.unsubscribe(
                [filter],
                send,
                now: worker.reactor.now,
                output: &output
            )
            guard log.isEnabled(.debug) else { return }
            log.debug(
                "Bridge \(plan.configuration.localClientid) sending UNSUBSCRIBE (Mid: \(identifier), "
                    + "Topic: \(String(decoding: filter, as: UTF8.self)))"
            )
        }
    }

    /// SUBACK: what the remote does not send is said once for each connection.
    func noteSubscribed(_ identifier: UInt16, _ codes: [ReasonCode]) {
        guard let filter = requested.removeValue(forKey: identifier) else { return }
        for code in codes where code.isError {
            let name = String(decoding: filter, as: UTF8.self)
            let text = ReasonText.text(of: CInt(code.rawValue))
            log.warning(
                "Warning: The remote of bridge \(plan.configuration.name) has refused the subscription "
                    + "to '\(name)': \(text)."
            )
        }
    }
}
