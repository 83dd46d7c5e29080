// SPDX-License-Identifier: Apache-2.0
// The command line of the broker: texts, exit status, start and stop.

import Foundation
import Testing

/// What every exit of the broker logs last.
private let terminating = "mosquitto version 2.1.2 terminating"

@Suite("Command line")
struct CommandLineTests {
    @Test("Help goes to stdout and exits 0", arguments: ["-h", "--help"])
    func help(option: String) throws {
        let run = try BrokerCommand([option])
        #expect(run.status == 0)
        #expect(run.output.contains("Usage: mosquitto [-c config_file] [-d] [-h] [-p port] [-v]"))
        #expect(run.lines == [terminating])
    }

    @Test("The version is four lines on stdout, the second names the release")
    func version() throws {
        let run = try BrokerCommand(["--version"])
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        #expect(lines.first == "mosquitto 2.1.2")
        #expect(lines.dropFirst().first?.wholeMatch(of: #/Release: swift-[1-9][0-9]*/#) != nil)
        #expect(lines.count == 4)
    }

    @Test(
        "Bad arguments exit 3 with the text of the original",
        arguments: [
            (["-p", "0"], "Error: Invalid port specified (0)."),
            (["-p", "65536"], "Error: Invalid port specified (65536)."),
            (["-p", "x"], "Error: Invalid port specified (0)."),
            (["-p"], "Error: -p argument given, but no port specified."),
            (["-c"], "Error: -c argument given, but no config file specified."),
            (["--tls-keylog"], "Error: --tls-keylog argument given, but no file specified."),
            (["--unknown"], "Error: Unknown option '--unknown'."),
            (["--test-config"], "Please provide a configuration file to test."),
            (["-c", "/nonexistent"], "Error: Unable to open config file '/nonexistent'."),
            (["-c", "/tmp"], "Error: Config file '/tmp' is a directory."),
            (
                Array(repeating: ["-p", "1883"], count: 11).flatMap { $0 },
                "Error: Only 10 ports can be specified on the command line."
            ),
        ]
    )
    func errors(arguments: [String], error: String) throws {
        let run = try BrokerCommand(arguments)
        #expect(run.status == 3)
        #expect(run.lines == [error, terminating])
    }

    @Test("--test-config accepts a good file and shows the place of an error in a bad one")
    func testConfig() throws {
        let directory = try TemporaryDirectory()
        let good = try BrokerCommand([
            "-c", directory.write("good.conf", "listener 1883\n"), "--test-config",
        ])
        #expect(good.status == 0)
        #expect(good.lines == ["Configuration file is OK.", terminating])
        let path = try directory.write("bad.conf", "listener 1883\nmax_qos 3\n")
        let bad = try BrokerCommand(["--test-config", "-c", path])
        #expect(bad.status == 3)
        #expect(
            bad.lines == [
                "Error: 'max_qos' must be between 0 and 2 inclusive.",
                "Error found at \(path):2.", terminating,
            ]
        )
    }

    @Test("The form of the time applies to lines about the configuration already")
    func timestamps() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("a.conf", "log_timestamp_format year %Y\nnonsense\n")
        let run = try BrokerCommand(["-c", path])
        let line = try #require(run.errors.split(separator: "\n").first)
        #expect(line.wholeMatch(of: /year \d{4}: Error: Unknown .*/) != nil)
    }

    @Test(
        "A bad UMASK_SET exits 3",
        arguments: [
            ("8", "Error: UMASK_SET environment variable not a valid octal number."),
            ("1000", "Error: UMASK_SET environment variable out of range."),
            ("-1", "Error: UMASK_SET environment variable out of range."),
        ]
    )
    func umask(value: String, error: String) throws {
        let run = try BrokerCommand(["-p", "1"], environment: ["UMASK_SET": value])
        #expect(run.status == 3)
        #expect(run.lines.contains(error))
    }

    @Test(
        "A bad PUID or PGID of a broker started by root exits 3",
        .enabled(if: geteuid() == 0),
        arguments: [
            ("x", "Error: PUID not a valid ID 'x'"), ("-1", "Error: PUID must not be negative."),
            ("99999999999", "Error: PUID too large."),
        ]
    )
    func puid(value: String, error: String) throws {
        let run = try BrokerCommand(["-p", "1"], environment: ["PUID": value])
        #expect(run.status == 3)
        #expect(run.lines.contains(error))
    }

    @Test("A user that does not exist exits 3", .enabled(if: geteuid() == 0))
    func unknownUser() throws {
        let directory = try TemporaryDirectory()
        let run = try BrokerCommand(["-c", directory.write("a.conf", "user no-such-user\n")])
        #expect(run.status == 3)
        #expect(
            run.lines.contains {
                $0.hasPrefix("Error: Unable to drop privileges to 'no-such-user'")
            }
        )
    }

    @Test(
        "A socket that cannot be opened exits 1 with its reason",
        arguments: [
            (
                "listener 0 %DIR%/none/socket",
                "Error binding unix socket: No such file or directory: %DIR%/none/socket"
            ),
            (
                "listener 0 %DIR%",
                "Error binding unix socket: %DIR% is there and no socket; it was left alone"
            ),
            (
                "listener 0 \(String(repeating: "x", count: 108))",
                "Error: Path to unix socket is too long \"\(String(repeating: "x", count: 108))\"."
            ),
            (
                "listener 1 127.0.0.1\nbind_interface nosuch0",
                "Error: Interface nosuch0 does not exist."
            ),
            (
                "listener 1 127.0.0.2\nbind_interface lo",
                "Error: Interface address for lo does not match specified listener address "
                    + "(127.0.0.2)."
            ),
        ]
    )
    func unopened(listener: String, reason: String) throws {
        let directory = try TemporaryDirectory()
        let text = listener.replacingOccurrences(of: "%DIR%", with: directory.path)
        let file = try directory.write("a.conf", "user root\n\(text)\n")
        let run = try BrokerCommand(["-c", file])
        #expect(run.status == 1)
        let line = reason.replacingOccurrences(of: "%DIR%", with: directory.path)
        let place = " (listener at \(file):2)"
        let whole = line.hasSuffix(".") ? "\(line.dropLast())\(place)." : line + place
        #expect(run.lines.contains(whole), "\(run.errors)")
    }

    @Test("A pid file that cannot be written exits 14")
    func pidFile() throws {
        let directory = try TemporaryDirectory()
        let text = "pid_file \(directory.path)/missing/pid\nuser root\n"
        let file = try directory.write("a.conf", text)
        let run = try BrokerCommand(["-c", file])
        #expect(run.status == 14)
        let reason = "No such file or directory (pid_file at \(file):1)"
        #expect(
            run.lines.contains(
                "Error: Unable to write pid file \(directory.path)/missing/pid: \(reason)."
            )
        )
    }
}
