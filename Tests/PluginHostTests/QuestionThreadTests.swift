// SPDX-License-Identifier: Apache-2.0
// Which questions may be answered on the thread that asks.

import Testing

@testable import Core
@testable import PluginHost

@Suite("Which thread answers a question")
struct QuestionThreadTests {
    private let client = Callbacks.client

    @Test("A question without plugins is answered where it is asked")
    func nobody() {
        let nobody = Callbacks.snapshot([])
        #expect(HookQuestion.authenticate(client, password: nil).isDirect(nobody))
        #expect(HookQuestion.control(client, Callbacks.message("$CONTROL/x")).isDirect(nobody))
        #expect(HookQuestion.subscribe(client, []).isDirect(nobody))
    }

    @Test("One plugin in the chain that is not thread-safe takes the question to the plugin thread")
    func chain() {
        let question = HookQuestion.authenticate(client, password: nil)
        let safe = Callbacks.snapshot([(.basicAuth, Callbacks.threadSafe)])
        #expect(question.isDirect(safe))
        let mixed = Callbacks.snapshot([
            (.basicAuth, Callbacks.threadSafe), (.basicAuth, Callbacks.serial),
        ])
        #expect(!question.isDirect(mixed))
    }

    @Test("Built-in files need not declare anything")
    func builtIn() {
        let files = Callbacks.snapshot([
            (.basicAuth, Callbacks.builtIn), (.aclCheck, Callbacks.builtIn),
        ])
        #expect(HookQuestion.authenticate(client, password: nil).isDirect(files))
        #expect(HookQuestion.access(client, []).isDirect(files))
    }

    @Test("Those who may object to a login count for an exchange and for a proven name")
    func confirmers() {
        let snapshot = Callbacks.snapshot([
            (.extAuthStart, Callbacks.threadSafe), (.extAuthContinue, Callbacks.threadSafe),
            (.basicAuth, Callbacks.confirming),
        ])
        let begin = HookQuestion.beginExchange(client, method: "m", data: nil, isAgain: false)
        #expect(!begin.isDirect(snapshot))
        #expect(!HookQuestion.continueExchange(client, method: "m", data: nil).isDirect(snapshot))
        #expect(!HookQuestion.confirm(client).isDirect(snapshot))
    }

    @Test("A publication asks only for the events that it leads to", arguments: [true, false])
    func publish(isAccessSerial: Bool) {
        let serial = isAccessSerial ? PluginEvent.aclCheck : .messageIn
        let other = isAccessSerial ? PluginEvent.messageIn : .aclCheck
        let snapshot = Callbacks.snapshot([
            (serial, Callbacks.serial), (other, Callbacks.threadSafe),
        ])
        func isDirect(checksAccess: Bool, isFiltered: Bool) -> Bool {
            HookQuestion.publish(
                client,
                Callbacks.message("a"),
                checksAccess: checksAccess,
                isFiltered: isFiltered
            ).isDirect(snapshot)
        }
        #expect(!isDirect(checksAccess: true, isFiltered: true))
        #expect(isDirect(checksAccess: true, isFiltered: false) != isAccessSerial)
        #expect(isDirect(checksAccess: false, isFiltered: true) == isAccessSerial)
    }

    @Test("SUBSCRIBE and UNSUBSCRIBE stand for the access check as well")
    func filters() {
        let snapshot = Callbacks.snapshot([
            (.aclCheck, Callbacks.serial), (.subscribe, Callbacks.threadSafe),
            (.unsubscribe, Callbacks.threadSafe),
        ])
        #expect(!HookQuestion.subscribe(client, []).isDirect(snapshot))
        #expect(!HookQuestion.unsubscribe(client, []).isDirect(snapshot))
    }

    @Test("A request to $CONTROL is as thread-safe as the access checks and whoever has the topic")
    func control() {
        let own = HookQuestion.control(client, Callbacks.message("$CONTROL/x"))
        let broker = HookQuestion.control(client, Callbacks.message("$CONTROL/broker/v1"))
        let serial = Callbacks.snapshot([], control: ["$CONTROL/x": Callbacks.serial])
        #expect(!own.isDirect(serial))
        #expect(broker.isDirect(serial))
        let safe = Callbacks.snapshot([], control: ["$CONTROL/x": Callbacks.threadSafe])
        #expect(own.isDirect(safe))
        let checked = Callbacks.snapshot([(.aclCheck, Callbacks.serial)])
        #expect(!broker.isDirect(checked))
    }

    @Test("A delivery behind undecided ones waits for the plugin thread, whoever is asked")
    func delivery() {
        let safe = Callbacks.snapshot([
            (.aclCheck, Callbacks.threadSafe), (.messageOut, Callbacks.threadSafe),
        ])
        func isDirect(isBehindOthers: Bool) -> Bool {
            let delivery = DeliveryQuestion(
                message: Callbacks.message("a"),
                qos: 0,
                isRetained: false,
                checksAccess: true,
                isFiltered: true,
                isBehindOthers: isBehindOthers
            )
            return HookQuestion.deliver(client, [delivery]).isDirect(safe)
        }
        #expect(isDirect(isBehindOthers: false))
        #expect(!isDirect(isBehindOthers: true))
    }
}
