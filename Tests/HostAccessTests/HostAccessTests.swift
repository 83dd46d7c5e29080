// SPDX-License-Identifier: Apache-2.0
// Connections that wait for the host access rules: order, bounds, changes of the files.

import Foundation
import Net
import Synchronization
import Testing

@testable import HostAccess

struct HostAccessTests {
    /// Two files of rules that go away with it.
    private final class Files: Sendable {
        let paths: [String]

        init() {
            let folder = NSTemporaryDirectory() + "hosts-\(UUID().uuidString)"
            paths = ["\(folder).allow", "\(folder).deny"]
        }

        deinit { for path in paths { unlink(path) } }

        /// Writes a file as if that had been a while ago; nil removes it.
        func write(_ text: String?, to index: Int) throws {
            unlink(paths[index])
            guard let text else { return }
            try text.write(toFile: paths[index], atomically: false, encoding: .utf8)
        }
    }

    /// Collects answers, and has the thread that asks wait.
    private final class Judge: Sendable {
        let asked = Mutex<[CInt]>([])
        let answers = Mutex<[CInt: Bool]>([:])
        let gate = Mutex(false)
        let isAnswered = DispatchSemaphore(value: 0)

        func allows(_ descriptor: CInt) -> Bool {
            while !gate.withLock({ $0 }) { usleep(1000) }
            asked.withLock { $0.append(descriptor) }
            return descriptor % 2 == 0
        }

        func conclude(_ descriptor: CInt) -> @Sendable (Bool) -> Void {
            { isAllowed in
                self.answers.withLock { $0[descriptor] = isAllowed }
                self.isAnswered.signal()
            }
        }
    }

    @Test("Without files, and without rules about the broker, nothing is asked")
    func nothing() throws {
        let files = Files()
        #expect(!HostAccess(paths: files.paths).hasRules)
        try files.write("sshd: ALL\n", to: 0)
        let access = HostAccess(paths: files.paths)
        // Who has just been written may be written again without showing it.
        #expect(access.hasRules)
    }

    @Test("A rule that comes is noticed at the next connection")
    func changes() throws {
        let files = Files()
        let access = HostAccess(paths: files.paths)
        #expect(!access.hasRules)
        try files.write("mosquitto: ALL\n", to: 1)
        #expect(access.hasRules)
        try files.write(nil, to: 1)
        #expect(!access.hasRules)
    }

    @Test("Rules that are gone when the turn comes allow without a question")
    func goneRules() throws {
        let files = Files()
        try files.write("mosquitto: ALL\n", to: 1)
        let judge = Judge()
        let access = HostAccess(paths: files.paths) { judge.allows($0) }
        try files.write(nil, to: 1)
        #expect(access.ask(1, of: nil, judge.conclude(1)) == .later)
        #expect(judge.isAnswered.wait(timeout: .now() + 5) == .success)
        #expect(judge.answers.withLock { $0 } == [1: true])
        #expect(judge.asked.withLock { $0 }.isEmpty)
    }

    @Test("Connections are asked about one at a time and in their order")
    func order() throws {
        let files = Files()
        try files.write("mosquitto: ALL\n", to: 1)
        let judge = Judge()
        let access = HostAccess(paths: files.paths) { judge.allows($0) }
        for descriptor in CInt(0)..<20 {
            #expect(access.ask(descriptor, of: nil, judge.conclude(descriptor)) == .later)
        }
        judge.gate.withLock { $0 = true }
        for _ in 0..<20 { #expect(judge.isAnswered.wait(timeout: .now() + 5) == .success) }
        #expect(judge.asked.withLock { $0 } == Array(0..<20))
        let answers = judge.answers.withLock { $0 }
        #expect(answers.allSatisfy { $0.value == ($0.key % 2 == 0) })
        // The thread has gone; another one comes.
        #expect(access.ask(21, of: nil, judge.conclude(21)) == .later)
        #expect(judge.isAnswered.wait(timeout: .now() + 5) == .success)
    }

    @Test("So many wait, and so many of one network, and no more")
    func bounds() throws {
        let files = Files()
        try files.write("mosquitto: ALL\n", to: 1)
        let judge = Judge()
        let access = HostAccess(paths: files.paths) { judge.allows($0) }
        var acceptedCount = 0
        func ask(_ network: Int?) -> HostAccess.Answer {
            let peer = network.flatMap { PeerNetwork(.text("192.0.2.\($0)", port: 1)) }
            let answer = access.ask(0, of: peer, judge.conclude(0))
            if answer == .later { acceptedCount += 1 }
            return answer
        }
        for network in 1...9 {
            // The very first one may have left the line.
            if network == 1 { #expect(ask(nil) == .later) }
            for _ in 0..<HostAccess.waitingOfNetworkMax { #expect(ask(network) == .later) }
            #expect(ask(network) == .full)
        }
        while ask(nil) == .later {}
        #expect(ask(10) == .full)
        #expect(HostAccess.waitingMax...HostAccess.waitingMax + 1 ~= acceptedCount)
        let waitingCount = acceptedCount
        judge.gate.withLock { $0 = true }
        for _ in 0..<waitingCount {
            #expect(judge.isAnswered.wait(timeout: .now() + 5) == .success)
        }
        // All places are free again.
        #expect(ask(1) == .later)
    }
}
