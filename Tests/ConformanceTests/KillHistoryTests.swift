// SPDX-License-Identifier: Apache-2.0
// The check of the kill test notices what it is there for.

import Testing

@Suite("Kill: the check itself")
struct KillHistoryTests {
    /// Two publishers, one subscriber and a group of two, with nothing wrong.
    private func history() -> KillHistory {
        var history = KillHistory()
        history.publishers = [
            KillHistory.Publisher(name: "one", qos: 1, count: 6),
            KillHistory.Publisher(name: "two", qos: 2, count: 6),
        ]
        var alone = KillHistory.Receiver(name: "alone", qos: 2)
        alone.received = ["one": [0, 1, 2, 1, 2, 3, 4, 5], "two": [0, 1, 2, 3]]
        alone.required = ["one": [0..<6], "two": [0..<4]]
        alone.forbidden = ["two": [5..<6]]
        var first = KillHistory.Receiver(name: "first", qos: 2, isMember: true)
        first.required = ["one": [0..<6], "two": [0..<6]]
        first.received = ["one": [0, 2, 1, 4], "two": [0, 2, 4]]
        var second = first
        second.received = ["one": [1, 3, 5], "two": [1, 3, 5]]
        history.receivers = [alone, first, second]
        return history
    }

    @Test("A history in which all is well has no complaint")
    func well() { #expect(history().complaints() == []) }

    @Test("Each kind of fault is found, and said once", arguments: 0..<9)
    func fault(kind: Int) {
        var history = history()
        let expected: String
        switch kind {
        case 0:
            history.receivers[0].received["one"] = [0, 1, 2, 4, 5]
            expected = "alone from one (QoS 1, 6 sent): lost 1: [3]"
        case 1:
            history.receivers[0].received["one"] = nil
            expected = "alone from one (QoS 1, 6 sent): lost 6: [0, 1, 2, 3, 4, 5]"
        case 2:
            history.receivers[0].received["two"] = [0, 1, 2, 2, 3]
            expected = "alone from two (QoS 2, 6 sent): 1 doubled: [2]"
        case 3:
            history.receivers[0].received["one"] = [0, 2, 1, 3, 4, 5]
            expected = "alone from one (QoS 1, 6 sent): 1 came after 2"
        case 4:
            history.receivers[0].received["two"] = [0, 1, 2, 3, 5]
            expected = "alone from two (QoS 2, 6 sent): 1 without subscription: [5]"
        case 5:
            history.receivers[1].received["one"] = [0, 2]
            expected = "the group from one (QoS 1, 6 sent): lost 1: [4]"
        case 6:
            history.receivers[1].received["two"] = [0, 1, 2, 4]
            expected = "the group from two (QoS 2, 6 sent): 1 doubled: [1]"
        case 7:
            history.receivers[1].received["two"] = [2, 0, 4]
            expected = "first from two (QoS 2, 6 sent): 0 came after 2"
        default:
            history.receivers[0].received["one"]?.append(6)
            expected = "alone from one (QoS 1, 6 sent): never sent: [6]"
        }
        #expect(history.complaints() == [expected])
    }

    @Test("Messages of a stranger are noticed")
    func stranger() {
        var history = history()
        history.receivers[0].received["three"] = [0]
        #expect(history.complaints() == ["alone got messages of nobody called three"])
    }

    @Test("Acknowledgements that are forgotten are noticed")
    func repetition() {
        var history = history()
        history.publishers[0].count = 1000
        history.receivers[0].required["one"] = [0..<1000]
        history.receivers[1].required["one"] = []
        history.receivers[0].connectionCount = 2
        history.receivers[0].received["one"] = Array(0..<1000) + Array(0..<802)
        #expect(history.complaints() == [])
        history.receivers[0].received["one"]?.append(5)
        #expect(history.complaints() == ["alone: 803 of 1004 messages came again"])
    }

    @Test("A retained message is the last acknowledged one or a later one")
    func retained() {
        var topic = KillRetained()
        #expect(topic.complaint("t", found: nil) == nil)
        topic.note(3, isCleared: false)
        #expect(topic.complaint("t", found: nil) == nil)
        #expect(topic.complaint("t", found: 3) == nil)
        topic.acknowledge(3)
        #expect(topic.complaint("t", found: 3) == nil)
        #expect(topic.complaint("t", found: nil) == "t: none is retained instead of [3]")
        topic.note(4, isCleared: true)
        topic.note(5, isCleared: false)
        #expect(topic.complaint("t", found: nil) == nil)
        #expect(topic.complaint("t", found: 5) == nil)
        topic.acknowledge(4)
        #expect(topic.complaint("t", found: 3) == "t: 3 is retained instead of [none, 5]")
        topic.acknowledge(5)
        #expect(topic.complaint("t", found: nil) == "t: none is retained instead of [5]")
    }
}
