// SPDX-License-Identifier: Apache-2.0
// log_dest journal: datagrams of the native protocol, and what happens without a journal.

import Foundation
import Glibc
import Log
import Testing

/// A journal: receives datagrams and takes them apart.
private final class Journal {
    let path: String
    private var descriptor: CInt

    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0, "bind: \(errno)")
    }

    deinit { close() }

    /// The journal goes away.
    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
        unlink(path)
    }

    /// The next datagram, or nil: what was sent on this machine is there already.
    func datagram() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// The fields of the next datagram.
    func entry() throws -> [String: [UInt8]] {
        var rest = try #require(datagram(), "nothing has come")[...]
        var fields: [String: [UInt8]] = [:]
        while !rest.isEmpty {
            let end = try #require(rest.firstIndex { $0 == 0x0A || $0 == UInt8(ascii: "=") })
            let name = String(decoding: rest[..<end], as: UTF8.self)
            let isCounted = rest[end] == 0x0A
            rest = rest[(end + 1)...]
            let count: Int
            if isCounted {
                count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(8)
            } else {
                count = try #require(rest.firstIndex(of: 0x0A)) - rest.startIndex
            }
            fields[name] = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            #expect(rest.first == 0x0A)
            rest = rest.dropFirst()
        }
        return fields
    }
}

/// A log that writes to a journal at `path`, and else to a file.
private func journalLog(_ path: String, file: String? = nil) -> Log {
    let log = Log()
    var configuration = LogConfiguration()
    configuration.destinations = file == nil ? .journal : [.journal, .file]
    configuration.filePath = file
    configuration.journalPath = path
    configuration.hasTimestamp = false
    log.configure(configuration)
    return log
}

private func text(_ value: [UInt8]?) -> String? {
    value.map { String(decoding: $0, as: UTF8.self) }
}

@Suite("Log in the journal")
struct JournalTests {
    @Test("A line comes with text, priority, kind and fields")
    func fields() throws {
        let directory = try TemporaryDirectory()
        let journal = try Journal(path: directory.path + "/socket")
        let log = journalLog(journal.path)
        var fields = LogFields(.connectDenied, reason: "wrong password")
        fields.clientIdentifier = "c"
        fields.userName = "bob"
        fields.address = "192.0.2.1"
        fields.port = 4711
        log.notice("Denied CONNECT from c.", fields)
        let entry = try journal.entry()
        #expect(text(entry["MESSAGE"]) == "Denied CONNECT from c.")
        #expect(text(entry["PRIORITY"]) == "5")
        #expect(text(entry["SYSLOG_IDENTIFIER"]) == "mosquitto")
        #expect(text(entry["SYSLOG_FACILITY"]) == "3")
        #expect(text(entry["MESSAGE_ID"]) == LogLineKind.connectDenied.messageID)
        #expect(text(entry["MQTT_CLIENT_ID"]) == "c")
        #expect(text(entry["MQTT_USERNAME"]) == "bob")
        #expect(text(entry["MQTT_ADDRESS"]) == "192.0.2.1")
        #expect(text(entry["MQTT_PORT"]) == "4711")
        #expect(text(entry["MQTT_REASON"]) == "wrong password")
        log.error("Error.")
        let plain = try journal.entry()
        #expect(text(plain["PRIORITY"]) == "3")
        #expect(plain["MESSAGE_ID"] == nil)
    }

    @Test("Values that would end a field early are sent with their length")
    func binary() throws {
        let directory = try TemporaryDirectory()
        let journal = try Journal(path: directory.path + "/socket")
        let log = journalLog(journal.path)
        var fields = LogFields()
        fields.clientIdentifier = "c\nPRIORITY=0\u{0}\u{1B}"
        log.notice("two\nlines", fields)
        let entry = try journal.entry()
        #expect(text(entry["MQTT_CLIENT_ID"]) == "c\nPRIORITY=0\u{0}\u{1B}")
        #expect(text(entry["PRIORITY"]) == "5")
        #expect(text(entry["MESSAGE"]) == "two?lines")
    }

    @Test("Kinds of lines have identifiers of their own")
    func identifiers() {
        let all = LogLineKind.allCases.map(\.messageID)
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
    }

    @Test("A journal that comes back gets lines again; one with no room says later what is missing")
    func restartAndOverflow() throws {
        let directory = try TemporaryDirectory()
        let first = try Journal(path: directory.path + "/socket")
        let log = journalLog(first.path)
        first.close()
        let second = try Journal(path: directory.path + "/socket")
        log.notice("x")
        #expect(text(try second.entry()["MESSAGE"]) == "x")
        // The queue of a datagram socket is short: net.unix.max_dgram_qlen.
        for _ in 0..<2_000 { log.notice("y") }
        var taken = 0
        while second.datagram() != nil { taken += 1 }
        try #require(taken < 2_000)
        log.notice("z")
        let lost = try #require(text(try second.entry()["MESSAGE"]))
        #expect(lost == "\(2_000 - taken) log lines were lost: the journal had no room for them.")
        #expect(text(try second.entry()["MESSAGE"]) == "z")
    }

    @Test("Without a journal the other destinations stay, and a line says why")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/log"
        let log = journalLog(directory.path + "/none", file: file)
        log.notice("x")
        let lines = try String(contentsOfFile: file, encoding: .utf8)
        #expect(
            lines == """
                Warning: Unable to reach the journal at \(directory.path)/none: \
                No such file or directory. Log lines go to stderr.
                x

                """
        )
        let long = journalLog("/" + String(repeating: "x", count: 200), file: file)
        #expect(long.isEnabled(.notice))
    }
}
