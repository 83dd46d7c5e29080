// SPDX-License-Identifier: Apache-2.0
// A list of changes: its order, and that it holds what it names and no longer.

import Inflight
import MQTT
import Net
import Testing

@testable import Core

@Suite("Changes on their way to plugins")
struct ChangeListTests {
    private func client(_ name: String) -> ClientIdentity {
        ClientIdentity(
            clientIdentifier: name,
            userName: nil,
            peer: .text("h", port: 1),
            listener: nil,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: false,
            isBridge: false,
            authenticationMethod: nil
        )
    }

    private func message(_ number: MessageNumber) -> Message {
        let publication = UnsafePublication.with(topic: Array("t".utf8), payload: [1, 2]) {
            var numbered = copy $0
            numbered.number = number
            return Message.make(numbered)
        }
        return publication
    }

    private func delivery(_ number: MessageNumber) -> KeptDelivery {
        KeptDelivery(
            message: number,
            entry: number,
            identifier: 0,
            qos: 1,
            isRetained: false,
            isOutgoing: true,
            state: .queued
        )
    }

    @Test("Steps of messages and other changes keep their order, however many there are")
    func order() {
        let list = ChangeList()
        let one = client("one")
        for number in 1...1000 {
            let stored = message(UInt64(number))
            list.append(
                .added,
                .passUnretained(one),
                .passUnretained(stored.storage),
                delivery(UInt64(number))
            )
            if number % 100 == 0 { list.append(.willDeleted(one)) }
            list.append(.deleted, .passUnretained(one), delivery(UInt64(number)))
        }
        #expect(list.count == 2010)
        var expected: UInt64 = 1
        for step in list.steps {
            switch step.kind {
            case .added:
                #expect(step.delivery.message == expected)
                step.withMessage { #expect($0.number == expected && $0.payload.count == 2) }
            case .deleted:
                #expect(step.delivery.message == expected)
                expected += 1
            case .other:
                guard case .willDeleted(let client) = list.other(step) else {
                    Issue.record("another change")
                    continue
                }
                #expect(client === one && expected % 100 == 0)
            default: Issue.record("another kind")
            }
        }
        #expect(expected == 1001)
        list.clear()
        #expect(list.isEmpty)
    }

    @Test("What a list names lives as long as the step", arguments: [false, true])
    func lifetime(isCleared: Bool) {
        weak var identity: ClientIdentity?
        weak var storage: MessageStorage?
        weak var retained: MessageStorage?
        var list: ChangeList? = ChangeList()
        do {
            let one = client("one")
            let first = message(1)
            let second = message(2)
            identity = one
            storage = first.storage
            retained = second.storage
            list?.append(
                .added,
                .passUnretained(one),
                .passUnretained(first.storage),
                delivery(1)
            )
            list?.appendRetained(second, insteadOf: 7, sourceIdentifier: 3)
        }
        #expect(identity != nil && storage != nil && retained != nil)
        #expect(list?.steps[1].previousMessage == 7)
        if isCleared { list?.clear() } else { list = nil }
        #expect(identity == nil && storage == nil && retained == nil)
    }
}
