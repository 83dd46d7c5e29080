// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl: options, options file, URLs.

import Foundation
import MQTT
import MQTTClient
import TestSupport
import Testing
import ToolSupport

@testable import mosquitto_ctrl

@Suite("mosquitto_ctrl options")
struct CtrlOptionsTests {
    private func parse(_ line: String, _ environment: [String: String] = [:]) throws -> OptionParser
    {
        try OptionParser(line.split(separator: " ").map(String.init), environment: environment)
    }

    private static let missing: [(String, String, String)] = [
        ("-A", "-A", "address"), ("--cafile", "--cafile", "file"),
        ("--capath", "--capath", "directory"), ("--cert", "--cert", "file"),
        ("--key", "--key", "file"), ("--ciphers", "--ciphers", "ciphers"), ("-h", "-h", "host"),
        ("--host", "-h", "host"), ("-i", "-i", "id"), ("--id", "-i", "id"),
        ("--keyform", "--keyform", "keyform"), ("-L", "-L", "URL"), ("--url", "-L", "URL"),
        ("-o", "-o", "options file"), ("-p", "-p", "port"), ("--port", "-p", "port"),
        ("-P", "-P", "password"), ("--pw", "-P", "password"), ("--proxy", "--proxy", "proxy url"),
        ("--psk", "--psk", "key"), ("--psk-identity", "--psk-identity", "identity"),
        ("-q", "-q", "QoS"), ("--qos", "-q", "QoS"), ("--tls-alpn", "--tls-alpn", "protocol"),
        ("--tls-engine", "--tls-engine", "engine_id"),
        ("--tls-engine-kpass-sha1", "--tls-engine-kpass-sha1", "kpass sha1"),
        ("--tls-version", "--tls-version", "version"), ("-u", "-u", "username"),
        ("--username", "-u", "username"), ("--unix", "--unix", "socket path"),
        ("-V", "--protocol-version", "version"),
        ("--protocol-version", "--protocol-version", "version"),
    ]

    @Test("an option without its argument is named", arguments: missing)
    func missingArgument(_ option: String, _ title: String, _ what: String) {
        let text = "Error: \(title) argument given but no \(what) specified.\n"
        #expect(throws: ToolFailure(text)) { try parse(option) }
    }

    private static let wrong: [(String, String)] = [
        ("-x", "Error: Unknown option '-x'."),
        ("-p 70000", "Error: Invalid port given: 70000"),
        ("-p -1", "Error: Invalid port given: -1"), ("-p x", "Error: Invalid port given: x"),
        ("-q 3", "Error: Invalid QoS given: 3"),
        ("-V 6", "Error: Invalid protocol version argument given.\n"),
        ("-L foo://x/", "Error: Unsupported URL scheme.\n"),
        ("-L mqtt://x", "Error: Invalid URL for -L argument specified - topic missing."),
        ("--proxy http://x", "Error: Unsupported proxy protocol: http://x"),
        ("-L mqtt://:@x/", "Error: Empty username in URL."),
        ("-L mqtt://@x/", "Error: Empty username in URL."),
        ("-L mqtt://x:/", "Error: Empty port in URL."),
        ("-L mqtt://x:y/", "Error: Invalid URL for -L argument specified - invalid port."),
        ("-L mqtt://[::1]x/", "Error: Invalid URL for -L argument specified - invalid host."),
        ("--proxy socks5h://", "Error: Invalid proxy."),
        ("--proxy socks5h://:", "Error: Invalid proxy."),
        ("--proxy socks5h://@", "Error: Invalid proxy."),
        ("--proxy socks5h://a:0", "Error: Invalid proxy port 0"),
        ("--proxy socks5h://a:99999", "Error: Invalid proxy port 99999"),
        ("--proxy socks5h://%2f@a", "Error: Invalid URL encoding in username."),
        ("--proxy socks5h://a:b%@a", "Error: Invalid URL encoding in password."),
        (
            "--cert c",
            "Error: Both certfile and keyfile must be provided if one of them is set."
        ),
        ("--key k", "Error: Both certfile and keyfile must be provided if one of them is set."),
        ("--keyform pem", "Error: If keyform is set, keyfile must be also specified."),
        (
            "--tls-engine-kpass-sha1 aa",
            "Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also be "
                + "provided."
        ),
        (
            "--psk 00 --psk-identity i --cafile f",
            "Error: Only one of --psk or --cafile/--capath may be used at once."
        ),
        ("--psk 00", "Error: --psk-identity required if --psk used."),
    ]

    @Test("a wrong value is refused with the known text", arguments: wrong)
    func wrongValue(_ line: String, _ text: String) {
        #expect(throws: ToolFailure(text)) { try parse(line) }
    }

    @Test("options end at the first word; MQTT 5 and QoS 1 are the defaults")
    func order() throws {
        let parser = try parse("-h host dynsec listClients -p 3")
        #expect(parser.words == ["dynsec", "listClients", "-p", "3"])
        #expect(parser.options.host == "host")
        #expect(parser.options.version == .v5)
        #expect(parser.options.qos == 1)
    }

    @Test(
        "the port follows from what is trusted unless it is given",
        arguments: [
            ("", UInt16(1883), false), ("--cafile f", 8883, true), ("--capath d", 8883, true),
            ("--psk 00 --psk-identity i", 8883, true), ("--tls-use-os-certs", 1883, true),
            ("-p 8883", 8883, true), ("--cafile f -p 1", 1, true),
            ("--cafile f --unix s", 8883, false), ("-L mqtts://h/", 8883, true),
            ("-L mqtt://h:5/", 5, false),
        ]
    )
    func port(_ line: String, _ port: UInt16, _ usesTLS: Bool) throws {
        let options = try parse(line).options
        #expect(options.effectivePort == port)
        #expect(options.usesTLS == usesTLS)
    }

    @Test(
        "before MQTT 5 a client without an identifier gets one of its own",
        arguments: [
            ("-V 31", "^mosq-[A-Za-z0-9]{18}$"), ("-V 311", "^mosq-[A-Za-z0-9]{18}$"),
            ("-V 5", "^$"), ("-V 31 -i mine", "^mine$"),
        ]
    )
    func clientID(_ line: String, _ pattern: String) throws {
        let identifiers = try (0..<2).map { _ in
            try parse(line).options.configuration().clientIdentifier
        }
        let expression = try Regex(pattern)
        #expect(identifiers.allSatisfy { $0.contains(expression) })
        #expect((identifiers[0] == identifiers[1]) == !pattern.contains("mosq"))
    }

    @Test("a URL holds user, password, host and port; later options win over it")
    func url() throws {
        let options = try parse("-L mqtt://user:pa:ss@host:123/ -h other").options
        #expect(options.username == "user")
        #expect(options.password == "pa:ss")
        #expect(options.host == "other")
        #expect(options.port == 123)
        #expect(try parse("-L mqtt://[::1]:5/").options.host == "::1")
    }

    @Test("a proxy URL resolves its three escapes")
    func proxy() throws {
        let proxy = try #require(parse("--proxy socks5h://u%40x:a%3Ab%25@h").options.proxy)
        #expect(proxy == ProxyAddress(host: "h", port: 1080, username: "u@x", password: "a:b%"))
        let literal = try #require(parse("--proxy socks5h://[::1]:9").options.proxy)
        #expect(literal == ProxyAddress(host: "::1", port: 9))
    }

    @Test("the options file is read after the command line and wins")
    func optionsFile() throws {
        let folder = try TemporaryFolder()
        try folder.write("mosquitto_ctrl", "# comment\n-h  filehost\r\n\n-q 2\n--insecure\n")
        for environment in [["XDG_CONFIG_HOME": folder.path], [:]] {
            let line = environment.isEmpty ? "-o \(folder.file("mosquitto_ctrl")) " : ""
            let options = try parse(line + "-h host", environment).options
            #expect(options.host == "filehost")
            #expect(options.qos == 2)
            #expect(options.isInsecure)
        }
        #expect(try parse("-h host", ["XDG_CONFIG_HOME": "/none"]).options.host == "host")
        try folder.write("bad", "--nonsense\n")
        #expect(throws: ToolFailure("Error: Unknown option '--nonsense'.")) {
            try parse("-o \(folder.file("bad"))")
        }
        let odd = Data([0x23, 0xFF, 0x0A, 0x2D, 0x50, 0x20, 0xFF, 0x0A])
        try odd.write(to: URL(fileURLWithPath: folder.file("odd")))
        let text = "Error: A line of \(folder.file("odd")) is not valid UTF-8."
        #expect(throws: ToolFailure(text)) { try parse("-o \(folder.file("odd"))") }
    }

    @Test(
        "the program's status and texts for what it cannot do",
        arguments: [
            ("nosuch command", CInt(10), "Error: Module 'nosuch' not supported.\n"),
            ("dynsec nosuch", 13, "Command 'nosuch' not recognised.\n"),
            ("dynsec getClient", 3, "Error: Invalid input.\n"),
            ("dynsec getDetails", 13, "Command 'getDetails' not recognised.\n"),
            ("-x", 1, "Error: Unknown option '-x'.\n"), ("dynsec", 1, ""), ("--help", 1, ""),
            ("dynsec help", 0, ""), ("BROKER Help", 0, ""),
            (
                "--cafile /none broker listListeners", 1,
                "Error: Problem setting TLS options: File not found.\n"
            ),
            (
                "--keyform der --cafile /none --cert c --key k broker listListeners", 1,
                "Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n"
            ),
            (
                "-f none dynsec setClientPassword user word -i", 3,
                "Error: -i argument given, but no iterations provided.\nError: Invalid input.\n"
            ),
            (
                "-f none dynsec setClientPassword user word -c", 3,
                "Error: Unknown argument: -c\nError: Invalid input.\n"
            ),
            (
                "-h 127.0.0.1 -p 1 --quiet dynsec listClients", 14,
                "Error: Connection refused.\n"
            ),
            (
                "-h nosuch.invalid --quiet dynsec listClients", 15,
                "Unable to connect (Lookup error.).\n"
            ),
        ]
    )
    func program(_ line: String, _ status: CInt, _ errors: String) throws {
        let outcome = try ToolProgram.ctrl.run(line.split(separator: " ").map(String.init))
        #expect(outcome.status == status)
        #expect(outcome.errors == errors)
    }
}
