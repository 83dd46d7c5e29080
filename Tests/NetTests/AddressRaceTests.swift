// SPDX-License-Identifier: Apache-2.0
// When which address is tried, and who looks names up.

import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Net

@Suite("Addresses of one name")
struct AddressRaceTests {
    @Test("Families take turns, beginning with the first one's")
    func interleaved() {
        func order(_ text: String) -> String {
            String(AddressRace.interleaved(Array(text)) { $0.isUppercase ? AF_INET6 : AF_INET })
        }
        #expect(order("ABCab") == "AaBbC")
        #expect(order("abAB") == "aAbB")
        #expect(order("aABC") == "aABC")
        #expect(order("ab") == "ab")
        #expect(order("") == "")
    }

    @Test("The next begins after the delay, or at once after a failure")
    func steps() {
        var race = AddressRace(count: 3)
        #expect(race.step(now: 1000) == .start(0))
        #expect(race.step(now: 1000) == .wait(until: 1250))
        #expect(race.step(now: 1249) == .wait(until: 1250))
        #expect(race.step(now: 1250) == .start(1))
        #expect(race.step(now: 1251) == .wait(until: 1500))
        race.noteFailure(0)
        #expect(race.step(now: 1251) == .start(2))
        #expect(race.step(now: 1251) == .wait(until: nil))
        race.noteFailure(2)
        #expect(race.step(now: 1300) == .wait(until: nil))
        race.noteFailure(1)
        #expect(race.step(now: 1301) == .failed)
    }

    @Test("Questions are asked by a few threads, and not when their time is over")
    func resolver() throws {
        let gate = DispatchGate()
        let isAsked = DispatchSemaphore(value: 0)
        let busy = Atomic(0)
        let most = Atomic(0)
        let resolver = NameResolver(threadMax: 2) { query in
            let now = busy.add(1, ordering: .relaxed).newValue
            _ = most.max(now, ordering: .relaxed)
            isAsked.signal()
            gate.wait()
            busy.subtract(1, ordering: .relaxed)
            return .failure(NameFailure(query.host))
        }
        let answers = Mutex<[String]>([])
        let isAnswered = DispatchSemaphore(value: 0)
        func ask(_ name: String, deadline: Int64) -> Bool {
            resolver.resolve(
                NameQuery(host: name, port: 1, bindAddress: nil),
                until: deadline
            ) { result in
                if case .failure(let failure) = result {
                    answers.withLock { $0.append(failure.reason) }
                    isAnswered.signal()
                }
            }
        }
        let later = Clock.monotonicMilliseconds() + 60_000
        #expect(ask("a", deadline: later))
        #expect(ask("b", deadline: later))
        for _ in 0..<2 { #expect(isAsked.wait(timeout: .now() + 20) == .success) }
        #expect(ask("late", deadline: Clock.monotonicMilliseconds()))
        #expect(ask("c", deadline: later))
        for number in 0..<(NameResolver.waitingMax - 2) {
            #expect(ask("late \(number)", deadline: 0))
        }
        #expect(!ask("too many", deadline: later))
        gate.open()
        for _ in 0..<3 { #expect(isAnswered.wait(timeout: .now() + 20) == .success) }
        #expect(answers.withLock { $0.sorted() } == ["a", "b", "c"])
        #expect(most.load(ordering: .relaxed) == 2)
        // Threads that have ended begin again.
        #expect(ask("d", deadline: later))
        #expect(isAnswered.wait(timeout: .now() + 20) == .success)
        #expect(answers.withLock { $0.last } == "d")
    }

    @Test("The system's resolver knows numbers, and says what it does not know")
    func system() throws {
        let answer = try NameQuery(host: "127.0.0.1", port: 1883, bindAddress: nil).ask()
        #expect(answer.addresses.map(\.peer) == [.ipv4(0x0100_007F, port: 1883)])
        #expect(answer.local.isEmpty)
        let local = try NameQuery(host: "::1", port: 1, bindAddress: "127.0.0.5").ask()
        #expect(local.local.map(\.peer.host) == ["127.0.0.5"])
        #expect(throws: NameFailure.self) {
            try NameQuery(host: "127.0.0.1.1", port: 1, bindAddress: nil).ask()
        }
    }
}
