// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl broker: words to requests, answers to tables that are harmless.

import JSON
import TestSupport
import Testing

@testable import mosquitto_ctrl

@Suite("mosquitto_ctrl broker")
struct BrokerModuleTests {
    private static let options: [RequestOption] = [
        .text("--pattern", "pattern", ""), .number("--count", "count", ""),
        .choice("--state", "state", ["a", "b"], ""), .flag("--dry-run", "dry-run", ""),
    ]

    private func request(_ line: String, _ fields: [String] = []) -> String? {
        let words = line.split(separator: " ").map(String.init)
        let members = RequestOption.members(words, fields, Self.options)
        return members.map { JSONValue.object($0).compactText }
    }

    @Test("Options become members of the request, other words its fields")
    func words() {
        #expect(request("") == "{}")
        #expect(request("--count 5 --state b") == #"{"count":5,"state":"b"}"#)
        #expect(
            request("x --dry-run --pattern --odd", ["name"])
                == #"{"name":"x","dry-run":true,"pattern":"--odd"}"#
        )
        for line in ["x", "--count", "--count x", "--state c", "--none", "--dry-run y"] {
            #expect(request(line) == nil, "\(line)")
        }
        #expect(request("", ["name"]) == nil)
        let optional = RequestOption.members(["x"], [], optional: "name", Self.options)
        #expect(optional == [.init("name", "x")])
        #expect(RequestOption.members([], [], optional: "name", Self.options) == [])
        #expect(RequestOption.members(["x", "y"], [], optional: "name", Self.options) == nil)
    }

    @Test("Tables are as wide as what is in them, up to a limit")
    func table() {
        var table = TextTable([
            .init(title: "NAME", widthMax: 6), .init(title: "NONE"),
            .init(title: "N", isNumber: true),
        ])
        table.add(["abcdefgh", "", "5"])
        table.add(["é", "", "100"])
        #expect(table.lines == ["NAME      N", "abcde…    5", "é       100"])
        #expect(TextTable([.init(title: "A"), .init(title: "B")]).lines == ["A  B"])
    }

    @Test("What a terminal would take for a command is shown instead")
    func harmless() {
        let hostile = "a\u{1B}[31m\u{9B}\u{7F}\n\u{202E}\u{2066}é\u{1F600}"
        let shown = #"a\x1b[31m\x9b\x7f\n\u{202e}\u{2066}é😀"#
        #expect(HarmlessText.visible(hostile) == shown)
        let value = JSONValue.array([.string(hostile), .object([.init("k", .string("\t"))])])
        let safe = JSONValue.array([.string(shown), .object([.init("k", #"\t"#)])])
        #expect(HarmlessText.visible(value) == safe)
        let json = HarmlessText.json(value)
        #expect(json.unicodeScalars.allSatisfy { !(0x7F..<0xA0).contains($0.value) })
        #expect(JSONValue(parsing: Array(json.utf8)) == value)
    }

    @Test("Clients are a table, with what is needed to see the next ones")
    func clients() throws {
        let text = """
            {"total":3,"cursor":"Y3Vyc29y","clients":[{"clientid":"a","state":"connected",
            "address":"127.0.0.1","port":5,"connected-since":"2026-12-01T00:00:00Z",
            "subscriptions":1,"in-flight":0,"queued":12,"dropped":0}]}
            """
        let data = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(
            BrokerPrinter.lines("listClients", data) == [
                "CLIENT ID  STATE      ADDRESS      SINCE                 SUBS  IN FLIGHT  QUEUED  DROPPED",
                "a          connected  127.0.0.1:5  2026-12-01T00:00:00Z     1          0      12        0",
                "1 of 3; the next ones: --cursor Y3Vyc29y",
            ]
        )
        #expect(BrokerPrinter.lines("listClients", .object([])) == nil)
    }

    @Test("A client is lines with labels")
    func client() throws {
        let text = #"{"client":{"clientid":"a","clean-start":true,"will":{"topic":"t","qos":1}}}"#
        let data = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(
            BrokerPrinter.lines("getClient", data) == [
                "Clientid:    a", "Clean start: yes", "Will:", "  Topic: t", "  Qos:   1",
            ]
        )
    }

    @Test("The program asks the broker and shows what it says")
    func program() throws {
        let broker = try Broker("enable_control_api true\n" + Broker.plain, workers: 2)
        func run(_ words: String...) throws -> Outcome {
            try ChildProcess.run(
                ToolProgram.ctrl.path,
                ["-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "me", "-P", "x", "-i", "asker"]
                    + ["--quiet"] + words,
                environment: ["XDG_CONFIG_HOME": "/nonexistent"]
            )
        }
        let list = try run("broker", "listClients", "--state", "connected")
        #expect(list.status == 0)
        #expect(list.output.contains("asker") && list.output.hasSuffix("1 of 1\n"))
        let json = try run("--json", "broker", "getClient", "asker")
        let answer = try #require(JSONValue(parsing: Array(json.output.utf8)))
        #expect(answer["data"]?["client"]?["clientid"]?.text == "asker")
        let missing = try run("broker", "getClient", "\u{1B}x")
        #expect(missing.status == 1)
        #expect(missing.errors == "getClient: Error: Client '\\x1bx' not found.\n")
        #expect(try run("broker", "getOverview").output.contains("Status:        ready"))
        #expect(try run("broker", "listClients", "--order", "size").status == 3)
        let match = try run("broker", "matchTopic", "$CONTROL/broker/v1/response")
        #expect(match.output.contains("asker"))
        #expect(
            try run("broker", "disconnectClient", "--pattern", "*", "--dry-run").output == "0\n"
        )
        #expect(try run("broker", "disconnectClient").status == 1)
        #expect(try run("broker", "deleteSession", "nobody").status == 1)
        let options = try run("broker", "getConfiguration")
        #expect(options.output.contains("enable_control_api  true"))
        #expect(try run("broker", "reload").output == "No option has changed.\n")
        #expect(try run("broker", "checkConfiguration").output == "No option has changed.\n")
        let types = try run("broker", "setLogTypes", "--types", "error,notice", "--seconds", "5")
        #expect(types.output.hasPrefix("Types:\n  error\n  notice\nUntil: "))
        let shown = try run("broker", "getRetained", "$SYS/broker/version")
        #expect(shown.output.contains("Payload:       mosquitto version"))
        #expect(try run("broker", "listRetained", "none/#").output.hasSuffix("0 of 0\n"))
        #expect(try run("broker", "deleteRetained", "none/#").output == "0\n")
        #expect(
            try run("broker", "listSubscriptions", "--client", "asker").output.contains("1 of 1")
        )
    }
}
