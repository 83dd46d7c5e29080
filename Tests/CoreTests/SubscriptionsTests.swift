// SPDX-License-Identifier: Apache-2.0
// What a session is subscribed to, against a plain dictionary.

import Testing
import Topics

import struct TestSupport.SplitMix64

@testable import Core

/// A subscription to a filter given as text.
private func subscription(_ text: String, identifier: UInt32 = 0) -> SessionSubscription {
    SessionSubscription(
        text: Array(text.utf8),
        options: SubscriptionOptions(rawValue: 1),
        identifier: identifier
    )
}

@Suite struct SubscriptionsTests {
    @Test("Random changes leave what a dictionary has, each in its slot", arguments: 1...8)
    func model(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var subscriptions = Subscriptions()
        var model: [UInt32: SessionSubscription] = [:]
        for step in 1...1500 {
            let isGrowing = step % 500 < 300
            switch Int.random(in: 0..<6, using: &random) {
            case 0..<(isGrowing ? 3 : 1):
                let text = step % 5 == 0 ? "$share/g/\(step)" : "\(step)"
                let new = subscription(text, identifier: UInt32(step))
                let slot = subscriptions.nextSlot
                #expect(model[slot] == nil)
                subscriptions.add(new)
                model[slot] = new
            case 3:
                guard let slot = model.keys.randomElement(using: &random) else { continue }
                model[slot]?.identifier = UInt32(step)
                if let changed = model[slot] { subscriptions.replace(slot, with: changed) }
            default:
                guard let slot = model.keys.randomElement(using: &random) else { continue }
                #expect(subscriptions.remove(slot) == model.removeValue(forKey: slot))
            }
            subscriptions.checkInvariants()
            #expect(subscriptions.count == model.count)
            #expect(subscriptions.sharedCount == model.values.count { $0.isShared })
            let slot = UInt32.random(in: 0..<200, using: &random)
            #expect(subscriptions[slot] == model[slot])
        }
    }

    @Test("Slices find every subscription once and look at no more slots than they may")
    func slices() {
        var subscriptions = Subscriptions()
        for number in 0..<100 { subscriptions.add(subscription("\(number)")) }
        for slot in stride(from: UInt32(0), to: 100, by: 3) { subscriptions.remove(slot) }
        var found: [String] = []
        var slot: UInt32 = 0
        var slices = 0
        while slot < subscriptions.slotEnd {
            let before = slot
            let slice = subscriptions.slice(from: &slot, limit: 7)
            #expect(slot - before <= 7 && slice.count <= 7)
            found += slice.map { String(decoding: $0.text, as: UTF8.self) }
            slices += 1
        }
        #expect(found == (0..<100).filter { $0 % 3 != 0 }.map(String.init))
        #expect(slices == 15)
    }

    @Test("A session ends slice by slice, shared subscriptions first", arguments: [1, 7, 64, 1000])
    func ending(limit: UInt32) {
        var subscriptions = Subscriptions()
        for number in 0..<200 {
            subscriptions.add(subscription(number % 4 == 0 ? "$share/g/\(number)" : "\(number)"))
        }
        for slot in stride(from: UInt32(0), to: 200, by: 5) { subscriptions.remove(slot) }
        var removed: [SessionSubscription] = []
        subscriptions.removeShared(limit: 10) { removed.append($0) }
        #expect(removed.count == 10 && subscriptions.sharedCount == 30)
        subscriptions.checkInvariants()
        subscriptions.removeShared(limit: 100) { removed.append($0) }
        #expect(subscriptions.sharedCount == 0 && removed.allSatisfy(\.isShared))
        var slot: UInt32 = 0
        while !subscriptions.isEmpty {
            let before = removed.count
            subscriptions.removeSlice(from: &slot, limit: limit) { removed.append($0) }
            #expect(removed.count - before <= Int(limit))
            subscriptions.checkInvariants()
        }
        #expect(Set(removed.map(\.text)).count == 160 && removed.count == 160)
        #expect(subscriptions.slotEnd == 0 && subscriptions.nextSlot == 0)
    }

    @Test("A filter and its share name are taken apart and put together")
    func parts() {
        let ordinary = subscription("a/+")
        #expect(!ordinary.isShared && ordinary.filter == Array("a/+".utf8))
        let shared = subscription("$share/group/a/+")
        #expect(shared.isShared && shared.filter == Array("a/+".utf8))
        let built = SessionSubscription(
            filter: Array("a/+".utf8),
            shareName: Array("group".utf8),
            options: SubscriptionOptions(rawValue: 1),
            identifier: 0
        )
        #expect(built == shared)
        #expect(MemoryLayout<SessionSubscription>.stride == 16)
    }

    @Test("A session's subscriptions leave the index, those of others stay")
    func ended() {
        let index = SubscriptionIndex()
        let session = SessionHandle(reactor: 0, slot: 1, generation: 0)
        let other = SessionHandle(reactor: 0, slot: 2, generation: 0)
        var subscriptions = Subscriptions()
        for number in 0..<300 {
            let new = subscription(number % 2 == 0 ? "$share/g/\(number)" : "\(number)")
            #expect(new.enter(index, session, slot: subscriptions.nextSlot) == nil)
            subscriptions.add(new)
            #expect(new.enter(index, other, slot: UInt32(number)) == nil)
        }
        var ending = EndedSubscriptions(index)
        ending.add(subscriptions, of: session)
        // Whoever shares with others must not keep a turn.
        #expect(index.sharedSubscriptionCount == 150 && index.subscriptionCount == 300)
        var slices = 0
        while !ending.isEmpty {
            ending.removeSlice(limit: 64)
            index.checkInvariants()
            slices += 1
        }
        #expect(slices == 5)
        #expect(index.sharedSubscriptionCount == 150 && index.subscriptionCount == 150)
        #expect(!subscription("1").isIn(index, session) && subscription("1").isIn(index, other))
    }
}
