// SPDX-License-Identifier: Apache-2.0
// The log: filter, form of lines, destinations, reopening.

import Foundation
import Log
import Testing

@Suite("Log")
struct LogTests {
    @Test("Before it is configured a log writes errors, warnings, notices and information")
    func standard() {
        let log = Log()
        for type in [LogTypes.error, .warning, .notice, .information] {
            #expect(log.isEnabled(type))
        }
        for type in [LogTypes.debug, .subscribe, .unsubscribe, .websockets, .internal] {
            #expect(!log.isEnabled(type))
        }
    }

    @Test("A message is built only when its type is on")
    func lazyMessage() {
        let published = PublishedLines()
        let log = published.log(types: .error)
        var isBuilt = false
        func message() -> String {
            isBuilt = true
            return "text"
        }
        log.notice(message())
        #expect(!isBuilt)
        log.error(message())
        #expect(isBuilt)
        #expect(published.lines == ["text"])
    }

    @Test("Each type is published below its own topic, debug and internal never")
    func topics() {
        let published = PublishedLines()
        let log = published.log(types: .all)
        let types: [LogTypes] = [
            .information, .notice, .warning, .error, .subscribe, .unsubscribe, .debug, .internal,
        ]
        for type in types { log.write(type, "x") }
        #expect(
            published.all.map(\.topic)
                == ["I", "N", "W", "E", "M/subscribe", "M/unsubscribe"].map {
                    "$SYS/broker/log/\($0)"
                }
        )
    }

    @Test("Lines have at most 999 bytes and never end inside a character")
    func longLine() {
        let published = PublishedLines()
        let log = published.log(types: .all)
        log.notice(String(repeating: "x", count: 2000))
        log.notice(String(repeating: "€", count: 400))
        #expect(published.all.map(\.line.utf8.count) == [999, 999])
        log.notice("x" + String(repeating: "€", count: 400))
        #expect(published.all.last?.line.utf8.count == 997)
        #expect(published.all.last?.line.contains("\u{FFFD}") == false)
    }

    @Test("A message cannot begin a line of its own")
    func forgedLine() {
        let published = PublishedLines()
        let log = published.log(types: .all)
        log.notice("\tclient\n1: Error: forged\u{1B}[2J\r\n")
        #expect(published.lines == ["\tclient?1: Error: forged?[2J"])
    }

    @Test("The time is Unix seconds, a strftime text, or Time error")
    func timestamps() throws {
        let published = PublishedLines()
        let log = published.log(types: .all)
        func line(_ format: String?) throws -> String {
            var configuration = LogConfiguration()
            configuration.destinations = .topic
            configuration.timestampFormat = format
            log.configure(configuration)
            log.notice("x")
            return try #require(published.all.last).line
        }
        #expect(try line(nil).wholeMatch(of: /\d{10}: x/) != nil)
        #expect(try line("%Y-%m-%d").wholeMatch(of: /\d{4}-\d{2}-\d{2}: x/) != nil)
        #expect(try line(String(repeating: "%Y", count: 300)) == "Time error: x")
    }

    @Test("A log file is created for the owner only, and reopening follows a rotation")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.log"
        let log = Log()
        var configuration = LogConfiguration()
        configuration.destinations = .file
        configuration.filePath = path
        configuration.hasTimestamp = false
        log.configure(configuration)
        log.notice("one")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        try FileManager.default.moveItem(atPath: path, toPath: "\(path).1")
        log.notice("two")
        log.reopen()
        log.notice("three")
        #expect(try String(contentsOfFile: "\(path).1", encoding: .utf8) == "one\ntwo\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "three\n")
    }

    @Test("A log file that is a link is refused, and its lines go to stderr")
    func linkedFile() throws {
        let directory = try TemporaryDirectory()
        let target = try directory.write("target", "")
        let link = "\(directory.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        let log = Log()
        var configuration = LogConfiguration()
        configuration.destinations = .file
        configuration.filePath = link
        configuration.types = .all
        log.configure(configuration)
        #expect(log.isEnabled(.error))
        #expect(log.isEnabled(.notice))
        #expect(try String(contentsOfFile: target, encoding: .utf8) == "")
    }

    @Test("Lines of several threads never mix")
    func threads() throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/a.log"
        let log = Log()
        var configuration = LogConfiguration()
        configuration.destinations = .file
        configuration.filePath = path
        configuration.hasTimestamp = false
        log.configure(configuration)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for _ in 0..<200 { log.notice(String(repeating: "\(thread)", count: 100)) }
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 800)
        #expect(lines.allSatisfy { $0.count == 100 && Set($0).count == 1 })
    }
}
