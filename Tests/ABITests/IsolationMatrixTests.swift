// SPDX-License-Identifier: Apache-2.0
// Everything a plugin may do to its process, in each of its callbacks.

import Foundation
import Glibc
import TestSupport
import Testing

/// Every occasion with every misdeed: a few deeds, each with one number of reactors, or with
/// `ISOLATION_MATRIX=full` all of them with 1, 2 and 4; `ISOLATION_MATRIX='tick: loop'` that one.
@Suite struct IsolationMatrixTests {
    /// One combination.
    struct Cell: Sendable, CustomTestStringConvertible {
        let occasion: Occasion
        let deed: Misdeed
        let workers: Int

        var testDescription: String { "\(occasion.rawValue): \(deed) [\(workers)]" }
    }

    static let cells: [Cell] = {
        let wanted = ProcessInfo.processInfo.environment["ISOLATION_MATRIX"]
        let isFull = wanted != nil
        var cells: [Cell] = []
        for occasion in Occasion.allCases {
            for deed in isFull ? Misdeed.all : Misdeed.few where occasion.allows(deed) {
                let counts = isFull ? [1, 2, 4] : [[1, 2, 4][cells.count % 3]]
                cells += counts.map { Cell(occasion: occasion, deed: deed, workers: $0) }
            }
        }
        guard let wanted, wanted != "full" else { return cells }
        return cells.filter { $0.testDescription.hasPrefix(wanted) }
    }()

    private static func broker(_ cell: Cell) throws -> Broker {
        // Those who come back may take as long as a busy machine has them take.
        let seconds =
            switch cell.deed.consequence {
            case .hangs, .spoils: 1
            case .ends, .none, .retires: 20
            }
        let isAboutNobody = [.reload, .tick].contains(cell.occasion)
        return try IsolationTests.broker(
            workers: cell.workers,
            before: "listener %PORT2% 127.0.0.1\npsk_hint hint\n",
            options: "plugin_timeout \(seconds)\nplugin_restart_wait 30\n"
                + "plugin_opt_event \(cell.occasion.rawValue)\nplugin_opt_deed \(cell.deed)\n"
                + (isAboutNobody ? "plugin_opt_once %DIR%/once\nplugin_opt_when %DIR%/when\n" : "")
                + (cell.deed.consequence == .retires ? "plugin_memory_limit 300000000\n" : "")
        )
    }

    @Test(
        "Whoever misbehaves, whenever: one question fails at most, nobody else is hurt, and all goes on",
        arguments: cells
    )
    func cell(_ cell: Cell) throws {
        let broker = try Self.broker(cell)
        let innocent = try RawClient.connected(to: broker, "innocent", .v5)
        try innocent.subscribe("good")
        let group = try #require(IsolationTests.helper(of: broker))
        let isRefused = try cell.occasion.provoke(
            broker,
            innocent,
            spoilsAnswers: cell.deed.name == "spoil"
        )
        switch cell.deed.consequence {
        case .ends, .hangs:
            if let isRefused { #expect(isRefused) }
            try Self.expectEnds(cell, broker)
        case .none: if let isRefused { #expect(!isRefused) }
        case .retires:
            if let isRefused { #expect(!isRefused) }
            try broker.waitForLog(containing: "plugin_memory_limit")
            try broker.waitForLog(containing: "runs again")
        case .spoils: break
        }
        // Nonsense is found later than it was written, with somebody else's question perhaps.
        let failuresMax = cell.deed.consequence == .spoils ? 1 : 0
        if cell.deed.name != "spoil" { try Self.expectGoesOn(innocent, failuresMax) }
        innocent.send(Wire.pingreq)
        while try innocent.readPacket() != Wire.pingresp {}
        try broker.stop()
        #expect(IsolationTests.helpers(of: broker.process.pid).isEmpty)
        #expect(Self.members(of: group).isEmpty, "what the process has left behind is gone")
    }

    /// The processes of a group that run.
    private static func members(of group: pid_t) -> [pid_t] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.filter { pid in
            let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
            let words = text?.split(separator: ")").last?.split(separator: " ") ?? []
            return words.count > 2 && words[0] != "Z" && words[2] == "\(group)"
        }
    }

    /// The line about each end names who was asked about.
    private static func expectEnds(_ cell: Cell, _ broker: Broker) throws {
        let count = cell.occasion.isRepeatable ? 2 : 1
        func lines(_ text: String) -> [String] {
            broker.process.errors.lines.filter { $0.contains(text) }
        }
        for _ in 0..<1000 where lines("runs again").count < count { usleep(10_000) }
        let ends = lines("Error: Plugin misbehave: its process")
        #expect(ends.count == count && lines("runs again").count == count, "\(ends)")
        guard let name = cell.occasion.eventName else { return }
        #expect(ends.allSatisfy { $0.contains(", in a '\(name)' callback") }, "\(ends)")
        if cell.occasion != .reload, cell.occasion != .key {
            #expect(ends.allSatisfy { $0.contains(" callback about bad") }, "\(ends)")
        }
    }

    private static func expectGoesOn(_ innocent: RawClient, _ failuresMax: Int) throws {
        for _ in 0..<failuresMax where gets(innocent, seconds: 3) { return }
        #expect(gets(innocent, seconds: 20))
    }

    /// Whether a client gets what it publishes.
    private static func gets(_ client: RawClient, seconds: Double) -> Bool {
        client.send(Wire.publish(.v5, "good", "there", qos: 1, id: 9))
        var isAcknowledged = false
        var isThere = false
        while !isAcknowledged || !isThere {
            guard let packet = client.nextPacket(seconds: seconds) else { return false }
            if packet == Wire.puback(9) { isAcknowledged = true }
            if packet[0] == 0x30 { isThere = true }
        }
        return true
    }
}

extension Occasion {
    /// Has the plugin come to it, for a client whose name begins with "bad".
    ///
    /// - Returns: whether what that client wanted was refused; nil if nothing can be
    fileprivate func provoke(
        _ broker: Broker,
        _ innocent: RawClient,
        spoilsAnswers: Bool
    ) throws -> Bool? {
        switch self {
        case .reload, .tick:
            _ = FileManager.default.createFile(atPath: broker.directory + "/when", contents: nil)
            if self == .reload { broker.process.signal(SIGHUP) }
            try broker.waitForLog(containing: "now: ", seconds: 20)
        case .login, .start, .goOn: return try provokeLogin(broker)
        case .key: return try provokeKey(broker)
        case .connect: _ = try RawClient.connected(to: broker, "bad", .v5)
        case .disconnect: try RawClient.connected(to: broker, "bad", .v5).disconnect()
        case .offline:
            let lasting: Bytes = [17, 0, 0, 0, 100]
            let bad = try RawClient.connected(to: broker, "bad", .v5, properties: lasting)
            bad.abort()
        case .read, .messageOut: return try provokeDelivery(broker, innocent)
        case .maySubscribe, .subscribe, .unsubscribe: return try provokeFilter(broker)
        case .control: return try provokeControl(broker, spoilsAnswers: spoilsAnswers)
        default:
            let bad = try RawClient.connected(to: broker, "bad", .v5)
            bad.send(Wire.publish(.v5, "topic", "x", qos: 1, id: 1))
            let answer = try bad.readPacket(seconds: 20)
            #expect(answer[0] == 0x40)
            return answer.count > 4 && answer[4] != 0x10
        }
        return nil
    }

    private func provokeLogin(_ broker: Broker) throws -> Bool {
        let bad = try RawClient(broker)
        guard self != .login else {
            bad.send(Wire.connect("bad", .v5, username: "u"))
            return try bad.readPacket(seconds: 20)[3] != 0
        }
        let method = [21] + Wire.string("TWO STEPS")
        bad.send(Wire.connect("bad", .v5, properties: method))
        var answer = try bad.readPacket(seconds: 20)
        if answer[0] == 0xF0 {
            bad.send(Wire.packet(0xF0, [0x18] + Wire.properties(method)))
            answer = try bad.readPacket(seconds: 20)
        }
        #expect(answer[0] == 0x20 && [0, 0x88].contains(answer[3]))
        return answer[3] != 0
    }

    private func provokeKey(_ broker: Broker) throws -> Bool {
        var options = ClientTLS()
        options.psk = ("bad", [0x12, 0x34, 0x56, 0x78])
        let bad = try RawClient(port: broker.ports[1])
        do {
            try bad.startTLS(options)
        } catch is Mismatch {
            return true
        }
        bad.send(Wire.connect("c"))
        return bad.nextPacket(seconds: 20)?.starts(with: [0x20]) != true
    }

    private func provokeDelivery(_ broker: Broker, _ innocent: RawClient) throws -> Bool {
        let bad = try RawClient.connected(to: broker, "bad", .v5)
        try bad.subscribe("for-bad")
        let mark = broker.logMark
        innocent.publish("for-bad", "x")
        // A process that ends is told of; another one has let the message pass or not by then.
        let isRepeatable = isRepeatable
        for turn in 0..<1000 {
            if let packet = bad.nextPacket(seconds: 0.02), packet[0] == 0x30 { return false }
            let ends = broker.process.errors.lines.dropFirst(mark)
                .count { $0.contains("runs again") }
            if turn > 5, ends >= (isRepeatable ? 2 : 1) {
                return bad.nextPacket(seconds: 0.1)?.first != 0x30
            }
        }
        return true
    }

    private func provokeFilter(_ broker: Broker) throws -> Bool {
        let bad = try RawClient.connected(to: broker, "bad", .v5)
        if self == .unsubscribe {
            try bad.subscribe("filter")
            bad.send(Wire.unsubscribe(.v5, id: 2, ["filter"]))
        } else {
            bad.send(Wire.subscribe(.v5, id: 2, [("filter", 0)]))
        }
        return try bad.readPacket(seconds: 20).last != 0
    }

    private func provokeControl(_ broker: Broker, spoilsAnswers: Bool) throws -> Bool? {
        let bad = try RawClient.connected(to: broker, "bad", .v5)
        try bad.subscribe("controlled")
        bad.publish("$CONTROL/misbehave/v1", "x")
        // What the plugin publishes may be spoilt, and go anywhere.
        if spoilsAnswers { return bad.nextPacket(seconds: 1) == nil ? nil : true }
        let packet = try bad.readPacket(seconds: 20)
        return String(decoding: packet, as: UTF8.self).contains("endpoint not available")
    }
}
