// SPDX-License-Identifier: Apache-2.0
// Wrong configurations, each with the lines and the exit status it must give.

import Foundation
import TestSupport
import Testing

/// A wrong configuration.
///
/// `%F` is its file, `%D` the directory of `MistakeFiles`, `%P` that of the plugins. `lines` are all
/// errors and warnings, in order, but for what OpenSSL says.
struct Mistake: Sendable, CustomTestStringConvertible {
    let text: String
    let lines: [String]
    let status: Int32
    var testDescription: String { text.replacing("\n", with: "; ") }

    init(_ text: String, _ status: Int32, _ lines: String...) {
        self.text = text
        self.lines = lines
        self.status = status
    }
}

@Suite("Mistakes in a configuration")
struct MistakeTests {
    @Test(
        "--test-config says what is wrong, where, and what to do",
        arguments: Mistake.lines + Mistake.files + Mistake.plugins + Mistake.listeners
    )
    func mistake(_ mistake: Mistake) throws {
        let files = try MistakeFiles.shared.get()
        let directory = try TemporaryDirectory()
        func filled(_ text: String) -> String {
            text.replacing("%F", with: "\(directory.path)/a.conf").replacing("%D", with: files.path)
                .replacing("%P", with: files.plugins)
        }
        let file = try directory.write("a.conf", filled(mistake.text) + "\nuser root\n")
        let run = try BrokerCommand(["-c", file, "--test-config"])
        #expect(run.status == mistake.status, "\(run.errors)")
        let lines = run.lines.filter {
            ($0.hasPrefix("Error") || $0.hasPrefix("Warning") || $0.hasPrefix("Load error")
                || $0.contains(": Error"))
        }
        #expect(lines == mistake.lines.map(filled), "\(run.errors)")
    }

    @Test("A configuration with everything right is OK, and nothing is left behind")
    func right() throws {
        let files = try MistakeFiles.shared.get()
        let directory = try TemporaryDirectory()
        let text = """
            user root
            pid_file \(directory.path)/pid
            log_dest file \(directory.path)/log
            persistence true
            persistence_location \(directory.path)
            password_file \(files.path)/pw
            plugin \(files.plugins)/libmosquitto_dynamic_security.so
            plugin_opt_config_file \(directory.path)/new.json
            listener 18883 127.0.0.1
            certfile \(files.path)/cert.pem
            keyfile \(files.path)/key.pem
            cafile \(files.path)/cert.pem
            require_certificate true
            listener 0 \(directory.path)/socket
            """
        let file = try directory.write("a.conf", text)
        let run = try BrokerCommand(["-c", file, "--test-config"])
        #expect(run.status == 0)
        #expect(run.lines.dropLast() == ["Configuration file is OK."])
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(left == ["a.conf"])
    }

    @Test("Whether somebody else has the port does not matter")
    func portOfAnother() throws {
        let broker = try Broker.shared(workers: 1)
        let directory = try TemporaryDirectory()
        let file = try directory.write("a.conf", "listener \(broker.port) 127.0.0.1\nuser root\n")
        let run = try BrokerCommand(["-c", file, "--test-config"])
        #expect(run.status == 0)
    }

    @Test("Of a file full of mistakes the first twenty are listed")
    func many() throws {
        let outcome = Outcome(String(repeating: "nonsense\n", count: 100))
        #expect(outcome.errors.count == 41)
        #expect(outcome.errors[39] == "Error found at test.conf:20.")
        #expect(outcome.errors.last == "Error: Further errors are not listed.")
    }

    @Test("A second start that finds its port taken leaves the pid file of the first alone")
    func secondStart() throws {
        let directory = try TemporaryDirectory()
        let pid = "\(directory.path)/pid"
        let text = "pid_file \(pid)\nuser root\nlistener 0 \(directory.path)/socket\n"
        let first = try RunningBroker(["-c", directory.write("a.conf", text)])
        #expect(first.waitFor("mosquitto version 2.1.2 running"))
        let content = try String(contentsOfFile: pid, encoding: .utf8)
        let second = try BrokerCommand(["-c", "\(directory.path)/a.conf"])
        #expect(second.status == 1)
        #expect(try String(contentsOfFile: pid, encoding: .utf8) == content)
        first.signal(SIGTERM)
        #expect(first.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: pid))
    }
}
