// SPDX-License-Identifier: Apache-2.0
// Who is asked about what, in which order.

import Testing

@testable import Core
@testable import PluginHost

@Suite("Callbacks of one moment")
struct CallbackSnapshotTests {
    @Test("Files come first, then global plugins, then those of the listener")
    func order() {
        var lists = CallbackLists()
        lists[.aclCheck, 0].append(Callbacks.callback(.aclCheck, Callbacks.serial, number: 1))
        lists[.aclCheck, 0].append(Callbacks.callback(.aclCheck, Callbacks.builtIn, number: 2))
        lists[.aclCheck, nil].append(Callbacks.callback(.aclCheck, Callbacks.serial, number: 3))
        let snapshot = CallbackSnapshot(lists: lists, listenerCount: 2, isPerListener: false)
        #expect(snapshot.scope(0)[.aclCheck].all.map(\.number) == [2, 3, 1])
        #expect(snapshot.scope(1)[.aclCheck].all.map(\.number) == [3])
        #expect(snapshot.scope(nil)[.aclCheck].all.map(\.number) == [3])
    }

    @Test("Nobody is asked about events that no plugin wants")
    func events() {
        let snapshot = Callbacks.snapshot([(.messageIn, Callbacks.threadSafe)])
        #expect(snapshot.scope(0).events == [.messageIn])
        #expect(snapshot.path(0).events == [.messageIn])
        #expect(Callbacks.snapshot([]).scope(0).events == [])
    }

    @Test("With settings per listener a client without one is asked about access even so")
    func closed() {
        let lists = CallbackLists()
        let snapshot = CallbackSnapshot(lists: lists, listenerCount: 1, isPerListener: true)
        #expect(snapshot.scope(nil).events.contains(.access))
        #expect(!snapshot.scope(0).events.contains(.access))
    }

    @Test("One file that decides alone is found without a look at the chain")
    func path() {
        let one = Callbacks.snapshot([(.aclCheck, Callbacks.builtIn)])
        #expect(one.path(0).only?.number == 1)
        #expect(one.path(0).events.contains(.accessIsByTopic))
        let plugin = Callbacks.snapshot([(.aclCheck, Callbacks.threadSafe)])
        #expect(plugin.path(0).only == nil)
        let two = Callbacks.snapshot([
            (.aclCheck, Callbacks.builtIn), (.aclCheck, Callbacks.builtIn),
        ])
        #expect(two.path(0).only == nil)
    }

    @Test("Access checks are direct when all who are asked are thread-safe")
    func access() {
        let safe = Callbacks.snapshot([(.aclCheck, Callbacks.threadSafe)])
        #expect(safe.scope(0).events.contains(.accessIsDirect))
        let serial = Callbacks.snapshot([(.aclCheck, Callbacks.serial)])
        #expect(!serial.scope(0).events.contains(.accessIsDirect))
    }
}
