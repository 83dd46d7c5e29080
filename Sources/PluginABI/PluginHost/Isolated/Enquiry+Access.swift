// SPDX-License-Identifier: Apache-2.0
// What is asked about access to the items of a question.

import Core
import Isolation

extension Enquiry {
    /// What the one is asked that is next about access to an item.
    static func accessQuestion(_ question: HookQuestion, item: Int) -> PluginQuestion {
        switch question {
        case .publish(let client, let message, _, _), .publishStored(let client, let message),
            .control(let client, let message):
            return .access(client, .write, message)
        case .deliver(let client, let messages):
            return .access(client, .read, messages[item].message)
        case .subscribe(let client, let filters), .access(let client, let filters):
            let filter = filters[item]
            return .filter(client, .subscribe, filter.filter, qos: filter.options & 3)
        case .unsubscribe(let client, let filters):
            return .filter(client, .unsubscribe, filters[item].filter, qos: 0)
        case .authenticate, .confirm, .beginExchange, .continueExchange:
            preconditionFailure("logins have a way of their own")
        }
    }

    /// Writes the record that asks that.
    @inline(__always)
    func encodeAccess(item: Int, _ head: QuestionHead, into record: inout RecordWriter) {
        switch question {
        case .publish(_, let message, _, _):
            PluginQuestion.encodeAccess(.write, message, head, into: &record)
        case .deliver(_, let messages):
            PluginQuestion.encodeAccess(.read, messages[item].message, head, into: &record)
        default: Self.accessQuestion(question, item: item).encode(head, into: &record)
        }
    }
}
