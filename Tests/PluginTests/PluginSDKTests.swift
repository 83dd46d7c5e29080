// SPDX-License-Identifier: Apache-2.0
// The plugin kit against a fake broker: function pointers, events, answers, ownership.

import CMosquitto
import Glibc
import PluginSDK
import Synchronization
import Testing

@Suite("Plugin kit", .serialized)
struct PluginSDKTests {
    private func context(_ kind: FakeHost.Kind = .own) throws -> PluginContext {
        PluginContext(broker: try FakeHost.broker(kind), options: PluginOptions([]))
    }

    @Test("Each closure is a C function of its own, until it is cancelled")
    func distinctFunctions() throws {
        let context = try context()
        var calls: [Int] = []
        let registrations = try (0..<3).map { number in
            try context.on(.tick) { _ in calls.append(number) }
        }
        var tick = mosquitto_evt_tick()
        let functions = FakeHost.state.withLock { $0.registered.map(\.function) }
        #expect(Set(functions.map { unsafeBitCast($0, to: Int.self) }).count == 3)
        for position in 0..<3 { #expect(FakeHost.call(9, &tick, at: position) == 0) }
        #expect(calls == [0, 1, 2])
        registrations[1].cancel()
        registrations[1].cancel()
        #expect(FakeHost.state.withLock { $0.registered.count } == 2)
        // A call already on its way finds nothing to do.
        _ = withUnsafeMutablePointer(to: &tick) { functions[1](9, $0, nil) }
        _ = withUnsafeMutablePointer(to: &tick) { functions[2](9, $0, nil) }
        #expect(calls == [0, 1, 2, 2])
    }

    @Test("A closure may cancel itself while it runs")
    func cancelInside() throws {
        let context = try context()
        var registration: Registration?
        var calls = 0
        registration = try context.on(.tick) { _ in
            calls += 1
            registration?.cancel()
        }
        var tick = mosquitto_evt_tick()
        #expect(FakeHost.call(9, &tick) == 0)
        #expect(calls == 1)
        #expect(FakeHost.call(9, &tick) == nil)
    }

    @Test("What the broker refuses is thrown")
    func refused() throws {
        let context = try context()
        FakeHost.state.withLock { $0.registerResult = 31 }
        #expect(throws: BrokerError(.alreadyExists, "Registering for control")) {
            try context.on(.control("$CONTROL/x/v1")) { _ in .done }
        }
    }

    @Test(
        "Answers about a password become the broker's numbers, as far as it has them",
        arguments: [
            (BasicAuthAnswer.allow, 0, 0), (.deny, 11, 11), (.pass, 17, 17), (.ignore, 17, 32),
            (.refuse(.banned), 11, 138), (.refuse(.serverBusy), 11, 137), (.delayed, 11, -5),
        ]
    )
    func basicAuthAnswers(answer: BasicAuthAnswer, old: CInt, new: CInt) throws {
        for (kind, expected) in [(FakeHost.Kind.v2_0, old), (.v2_1, new), (.own, new)] {
            let context = try context(kind)
            try context.on(.basicAuth) { _ in answer }
            var event = mosquitto_evt_basic_auth()
            #expect(FakeHost.call(3, &event) == expected)
        }
    }

    @Test("A closure that throws refuses, and is logged")
    func throwing() throws {
        struct Oops: Error {}
        let context = try context()
        try context.on(.basicAuth) { _ in throw Oops() }
        try context.on(.accessCheck) { _ in throw Oops() }
        try context.on(.messageIn) { _ in throw Oops() }
        var auth = mosquitto_evt_basic_auth()
        var access = mosquitto_evt_acl_check()
        access.access = 1
        var message = mosquitto_evt_message()
        #expect(FakeHost.call(3, &auth) == 11)
        #expect(FakeHost.call(2, &access) == 12)
        #expect(FakeHost.call(7, &message) == 12)
    }

    @Test("User name, password, client, topic and payload arrive as they were")
    func values() throws {
        let context = try context()
        let seen = Mutex<[String]>([])
        try context.on(.basicAuth) { event in
            let password = event.password.map { String(decoding: $0, as: UTF8.self) }
            seen.withLock { $0 = [event.client.id ?? "-", event.username ?? "-", password ?? "-"] }
            return .allow
        }
        try context.on(.accessCheck) { event in
            let payload = event.payload.withUnsafeBufferPointer { Array($0) }
            seen.withLock {
                $0 = ["\(event.access)", event.topic, "\(payload)", "\(event.qos.rawValue)"]
            }
            return .allow
        }
        "id".withCString { id in
            var auth = mosquitto_evt_basic_auth()
            auth.client = OpaquePointer(UnsafeMutablePointer(mutating: id))
            auth.username = strdup("bob")
            #expect(FakeHost.call(3, &auth) == 0)
            free(auth.username)
        }
        #expect(seen.withLock { $0 } == ["id", "bob", "-"])
        "a/b".withCString { topic in
            [UInt8](arrayLiteral: 1, 0, 2).withUnsafeBytes { payload in
                var access = mosquitto_evt_acl_check()
                access.topic = topic
                access.payload = payload.baseAddress
                access.payloadlen = 3
                access.access = 2
                access.qos = 1
                #expect(FakeHost.call(2, &access) == 0)
            }
        }
        #expect(seen.withLock { $0 } == ["write", "a/b", "[1, 0, 2]", "1"])
    }

    @Test(
        "What a message had before is the broker's to free; what a closure replaces twice is not leaked"
    )
    func messageOwnership() throws {
        let context = try context()
        try context.on(.messageIn) { message in
            try message.replaceTopic("first")
            try message.replaceTopic("second")
            try message.replacePayload([1])
            try message.replacePayload([7, 8])
            try message.replaceProperties([.user("a", "b")])
            message.retain = true
            return .proceed
        }
        let topic = strdup("original")
        var event = mosquitto_evt_message()
        event.topic = topic
        #expect(FakeHost.call(7, &event) == 0)
        #expect(event.topic.map { String(cString: $0) } == "second")
        #expect(event.payloadlen == 2)
        let payload = try #require(event.payload)
        #expect(Array(UnsafeRawBufferPointer(start: payload, count: 3)) == [7, 8, 0])
        #expect(event.properties != nil)
        #expect(event.retain)
        let freed = FakeHost.state.withLock { $0.freed }
        #expect(freed.count == 2)
        #expect(!freed.contains(UInt(bitPattern: topic)))
        free(topic)
        free(event.topic)
        free(payload)
    }

    @Test("Changes to a message that is dropped are taken back and not leaked")
    func droppedMessage() throws {
        let context = try context()
        try context.on(.messageIn) { message in
            try message.replaceTopic("changed")
            try message.replacePayload([1, 2])
            return .deny
        }
        let topic = strdup("original")
        var event = mosquitto_evt_message()
        event.topic = topic
        #expect(FakeHost.call(7, &event) == 12)
        #expect(event.topic == topic)
        #expect(event.payload == nil)
        #expect(event.payloadlen == 0)
        #expect(FakeHost.state.withLock { $0.freed.count } == 2)
        free(topic)
    }

    @Test("A delayed answer goes out from any thread where that is allowed")
    func delayedDirect() throws {
        let context = try context(.own)
        let answers = Mutex<[DelayedAnswer]>([])
        try context.on(.basicAuth) { event in
            guard let answer = try event.delayedAnswer() else { return .deny }
            answers.withLock { $0.append(answer) }
            return .delayed
        }
        "slow".withCString { id in
            var auth = mosquitto_evt_basic_auth()
            auth.client = OpaquePointer(UnsafeMutablePointer(mutating: id))
            #expect(FakeHost.call(3, &auth) == -5)
        }
        for answer in answers.withLock({ $0 }) { answer.complete(.allow) }
        #expect(FakeHost.state.withLock { $0.completed } == ["slow 0"])
    }

    @Test("A delayed answer waits for the tick in the original, and does not exist in 2.0")
    func delayedByTick() throws {
        for kind in [FakeHost.Kind.v2_0, .v2_1] {
            let context = try context(kind)
            try context.on(.basicAuth) { event in
                guard let answer = try event.delayedAnswer() else { return .deny }
                answer.complete(.deny)
                return .delayed
            }
            "slow".withCString { id in
                var auth = mosquitto_evt_basic_auth()
                auth.client = OpaquePointer(UnsafeMutablePointer(mutating: id))
                #expect(FakeHost.call(3, &auth) == (kind == .v2_0 ? 11 : -5))
            }
            #expect(FakeHost.state.withLock { $0.completed } == [])
            var tick = mosquitto_evt_tick()
            _ = FakeHost.call(9, &tick)
            #expect(FakeHost.state.withLock { $0.completed } == (kind == .v2_0 ? [] : ["slow 11"]))
        }
    }

    @Test(
        "A delayed answer to enhanced authentication waits for the tick in the original",
        arguments: [FakeHost.Kind.v2_0, .v2_1, .next, .own]
    )
    func delayedExchange(kind: FakeHost.Kind) throws {
        let context = try context(kind)
        try context.on(.extendedAuthStart) { event in
            guard let answer = try event.delayedAnswer() else { return .deny }
            answer.complete(.challenge(Array("who".utf8)))
            answer.complete(.success())
            answer.complete(.challenge(Array(repeating: 0, count: 65_536)))
            return .delayed
        }
        let exists = kind == .next || kind == .own
        "slow".withCString { id in
            var event = mosquitto_evt_extended_auth()
            event.client = OpaquePointer(UnsafeMutablePointer(mutating: id))
            #expect(FakeHost.call(4, &event) == (exists ? -5 : 11))
        }
        let expected = exists ? ["slow -4 who", "slow 0 ", "slow 11 "] : []
        #expect(FakeHost.state.withLock { $0.completed } == (kind == .own ? expected : []))
        var tick = mosquitto_evt_tick()
        _ = FakeHost.call(9, &tick)
        #expect(FakeHost.state.withLock { $0.completed } == expected)
    }

    @Test("Authentication data is handed over in the broker's memory")
    func extendedAuth() throws {
        let context = try context()
        try context.on(.extendedAuthStart) { event in
            event.method == "TEST" ? .challenge([1, 2, 3]) : .pass
        }
        try "TEST".withCString { method in
            var event = mosquitto_evt_extended_auth()
            event.auth_method = method
            #expect(FakeHost.call(4, &event) == -4)
            #expect(event.data_out_len == 3)
            let data = try #require(event.data_out)
            #expect(Array(UnsafeRawBufferPointer(start: data, count: 3)) == [1, 2, 3])
            free(data)
        }
        var other = mosquitto_evt_extended_auth()
        #expect(FakeHost.call(4, &other) == 17)
    }

    @Test("A key that does not fit is not written", arguments: [(4, 0), (3, 11)])
    func preSharedKey(lengthMax: CInt, code: CInt) throws {
        let context = try context()
        try context.on(.preSharedKey) { _ in .key("c0de") }
        var buffer = [CChar](repeating: 0x7F, count: 6)
        buffer.withUnsafeMutableBufferPointer { buffer in
            var event = mosquitto_evt_psk_key()
            event.key = buffer.baseAddress
            event.max_key_len = lengthMax
            #expect(FakeHost.call(8, &event) == code)
        }
        #expect(buffer[5] == 0x7F)
        #expect((buffer[4] == 0) == (code == 0))
    }

    @Test("Publishing passes everything on")
    func publish() throws {
        let broker = try FakeHost.broker(.own)
        try broker.publish(topic: "t", text: "hi", qos: .exactlyOnce, retain: true, onlyTo: "c")
        try broker.publish(topic: "u", payload: [])
        #expect(FakeHost.state.withLock { $0.published } == ["c t hi 2 true", "- u  0 false"])
    }

    @Test("Options keep order and duplicates; the last one counts")
    func options() {
        let options = PluginOptions([
            .init(key: "a", value: "1"), .init(key: "A", value: "2"), .init(key: "a", value: "3 "),
        ])
        #expect(options["a"] == "3 ")
        #expect(options["b"] == nil)
        #expect(options.map(\.value) == ["1", "2", "3 "])
    }

    @Test("A process without a broker's functions is told which is missing")
    func missingFunction() {
        let error = #expect(throws: MissingFunction.self) { try HostFunctions { _ in nil } }
        #expect(error?.name == "mosquitto_callback_register")
    }

    @Test("Workers run every job, and refuse more than may wait")
    func workers() {
        let pool = WorkerPool(threads: 2, jobsMax: 1_000)
        let sum = Mutex(0)
        let done = Latch(count: 100)
        for number in 1...100 {
            #expect(
                pool.submit {
                    sum.withLock { $0 += number }
                    done.arrive()
                }
            )
        }
        done.wait()
        #expect(sum.withLock { $0 } == 5_050)
        pool.stop()
        #expect(!pool.submit {})
        #expect(!WorkerPool(threads: 0, jobsMax: 1).submit {})
    }

    @Test("Parties with jobs take turns, and each one's are done in order")
    func fairPool() {
        let pool = WorkerPool(threads: 1, jobsMax: 100)
        let order = Mutex<[String]>([])
        let began = Latch(count: 1)
        let goOn = Latch(count: 1)
        let done = Latch(count: 6)
        _ = pool.submit(for: [9]) {
            began.arrive()
            goOn.wait()
        }
        began.wait()
        let jobs: [(party: UInt8, name: String)] = [
            (1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (3, "c2"),
        ]
        for (party, name) in jobs {
            _ = pool.submit(for: [party]) {
                order.withLock { $0.append(name) }
                done.arrive()
            }
        }
        goOn.arrive()
        done.wait()
        #expect(order.withLock { $0 } == ["a1", "b1", "c1", "a2", "c2", "a3"])
        pool.stop()
    }

    @Test("An IPv6 address counts by its network, others as they are")
    func network() {
        #expect(Network.name(of: "192.0.2.1") == [192, 0, 2, 1])
        #expect(Network.name(of: "::ffff:192.0.2.1") == [192, 0, 2, 1])
        #expect(Network.name(of: "2001:db8::1") == [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0])
        #expect(Network.name(of: "/run/x") == Array("/run/x".utf8))
        #expect(Network.name(of: "") == [])
    }
}

/// Lets one thread wait for others.
///
/// `@unchecked Sendable`: a semaphore is made for several threads.
private final class Latch: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
    private let count: Int

    init(count: Int) {
        self.count = count
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func arrive() { sem_post(semaphore) }

    func wait() {
        for _ in 0..<count { while sem_wait(semaphore) != 0 {} }
    }
}
