// SPDX-License-Identifier: Apache-2.0
// Listening sockets that can and cannot be opened, and what is said of those.

import Config
import Core
import Foundation
import Log
import Net
import Synchronization
import TestSupport
import Testing

@Suite("Opening listeners")
struct ListenerOpenerTests {
    /// What was opened, and what was said.
    private struct Outcome {
        var sockets: [ListenerSocket] = []
        var failure: String?
        var lines: [String] = []
    }

    private static func open(
        _ listeners: [ListenerConfiguration],
        isLocalOnly: Bool = false
    ) -> Outcome {
        var configuration = Configuration()
        configuration.listeners = listeners
        configuration.isLocalOnly = isLocalOnly
        configuration.logging.destinations = .topic
        configuration.logging.hasTimestamp = false
        let said = Mutex<[String]>([])
        let log = Log()
        log.configure(configuration.logging)
        log.setTopicSink { _, line in said.withLock { $0.append(line) } }
        var outcome = Outcome()
        do throws(ListenerError) {
            outcome.sockets = try ListenerOpener.open(Settings(configuration), log: log)
            try ListenerOpener.listen(on: outcome.sockets, configuration)
        } catch {
            outcome.failure = error.line
        }
        outcome.lines = said.withLock { $0 }
        return outcome
    }

    private static func listener(at path: String) -> ListenerConfiguration {
        var listener = ListenerConfiguration(port: 0)
        listener.unixSocketPath = path
        return listener
    }

    @Test("An address in use is named with its port")
    func addressInUse() throws {
        let any = ListenerConfiguration(port: 0, host: "127.0.0.1")
        let first = Self.open([any])
        let port = Int(try #require(first.sockets.first).port)
        let second = Self.open([ListenerConfiguration(port: port, host: "127.0.0.1")])
        #expect(
            second.failure
                == "Error: Address already in use: 127.0.0.1 port \(port); another program listens there"
        )
    }

    @Test("For this machine alone one free address is enough, and the other one is named")
    func localOnly() throws {
        let any = ListenerConfiguration(port: 0, host: "127.0.0.1")
        let taken = Self.open([any])
        let port = Int(try #require(taken.sockets.first).port)
        let here = ListenerConfiguration(port: port, host: "127.0.0.1")
        let line = "Address already in use: 127.0.0.1 port \(port); another program listens there"
        let one = Self.open([here, any], isLocalOnly: true)
        #expect(one.failure == nil)
        #expect(one.sockets.count == 1)
        #expect(one.lines.contains("Error: \(line)"))
        let none = Self.open([here, here], isLocalOnly: true)
        #expect(none.failure == "Error: Unable to open any listener.")
        #expect(none.lines.filter { $0 == "Error: \(line)" }.count == 2)
        var api = here
        api.protocol = .httpApi
        let withoutAPI = Self.open([any, api], isLocalOnly: true)
        #expect(withoutAPI.failure == nil)
        #expect(withoutAPI.lines.contains("Warning: No HTTP API: \(line)."))
    }

    @Test("What is no socket stays as it is")
    func otherFile() throws {
        let folder = try TestSupport.Broker.makeDirectory()
        let path = folder + "/passwd"
        try "precious".write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = Self.open([Self.listener(at: path)])
        #expect(
            outcome.failure
                == "Error binding unix socket: \(path) is there and no socket; it was left alone"
        )
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
    }

    @Test("A socket that somebody listens on stays theirs; one that was left behind is replaced")
    func unixSocket() throws {
        let folder = try TestSupport.Broker.makeDirectory()
        let path = folder + "/socket"
        var first = Self.open([Self.listener(at: path)])
        #expect(first.failure == nil)
        let second = Self.open([Self.listener(at: path)])
        #expect(
            second.failure == "Error binding unix socket: Address already in use: \(path)"
        )
        first.sockets = []
        let third = Self.open([Self.listener(at: path)])
        #expect(third.failure == nil)
        #expect(third.sockets.count == 1)
    }
}
