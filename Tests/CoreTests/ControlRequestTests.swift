// SPDX-License-Identifier: Apache-2.0
// Requests to the control API: taken apart, answered, and in line.

import JSON
import Testing

@testable import Core

@Suite("Requests to the control API")
struct ControlRequestTests {
    private func commands(_ text: String) -> [RequestedCommand] {
        ControlRequestReader.commands(in: Array(text.utf8))
    }

    @Test("Commands come in order, with what they say and what is handed back")
    func order() {
        let text = #"{"commands":[{"command":"A","x":1,"correlationData":"c"},{"COMMAND":"b"}]}"#
        let commands = commands(text)
        #expect(commands.map(\.name) == ["A", "b"])
        #expect(commands.map(\.correlationData) == ["c", nil])
        #expect(commands.allSatisfy { $0.failure == nil })
        #expect(commands[0].arguments.value["x"]?.integer == 1)
    }

    @Test("What has no form ends the list")
    func form() {
        let commands = commands(#"{"commands":[{"command":"a"},7,{"command":"b"}]}"#)
        #expect(commands.map(\.name) == ["a", "Unknown command"])
        #expect(commands.last?.failure?.text == "Command not an object")
    }

    @Test("A request has at most so many commands", arguments: [0, 1])
    func number(excess: Int) {
        let count = ControlRequestReader.commandsMax + excess
        let element = #"{"command":"a"}"#
        let list = repeatElement(element, count: count).joined(separator: ",")
        let commands = commands(#"{"commands":[\#(list)]}"#)
        #expect(commands.count == (excess == 0 ? count : 1))
        #expect((commands.last?.failure == nil) == (excess == 0))
    }

    @Test("Answers name the command, hand back what came, and say what is or what is wrong")
    func answers() {
        var answers = ControlAnswers()
        answers.add(RequestedCommand(name: "a", correlationData: "\u{1}"), .done(nil))
        answers.add(RequestedCommand(name: "b"), .done(.object([.init("n", .number(2))])))
        answers.add(RequestedCommand(name: "<c>"), .failed(ControlFailure("no")))
        let text = String(decoding: answers.finished(), as: UTF8.self)
        #expect(
            text == #"{"responses":[{"command":"a","correlationData":"\u0001"},"#
                + #"{"command":"b","data":{"n":2}},{"command":"<c>","error":"no"}]}"#
        )
    }

    @Test("Arguments are of their type, in their range, or said to be wrong by name")
    func arguments() throws {
        let text = #"{"command":"a","n":5,"t":"x","f":true,"w":"OFFLINE","e":""}"#
        let arguments = ControlArguments(try #require(JSONValue(parsing: Array(text.utf8))))
        #expect(try arguments.integer("n", in: 1...5) == 5)
        #expect(try arguments.integer("none", in: 1...5) == nil)
        #expect(try arguments.text("T") == "x")
        #expect(try arguments.flag("f") && !arguments.flag("none"))
        #expect(try arguments.choice("w", of: ClientState.self) == .offline)
        func wrong(_ text: String, _ body: () throws -> Void) {
            #expect(throws: ControlFailure(text)) { try body() }
        }
        wrong("Invalid 'n': not a number from 1 to 4") { _ = try arguments.integer("n", in: 1...4) }
        wrong("Invalid 'n': not a string") { _ = try arguments.text("n") }
        wrong("Missing 'e'") { _ = try arguments.requiredText("e") }
        wrong("Invalid 't': neither true nor false") { _ = try arguments.flag("t") }
        wrong("Invalid 't': not one of connected, offline") {
            _ = try arguments.choice("t", of: ClientState.self)
        }
    }

    private func actor(_ name: String, user: String? = nil, byRule: Bool = false) -> ControlActor {
        ControlActor(
            clientIdentifier: name,
            userName: user,
            address: "a:1",
            isAllowedByRule: byRule
        )
    }

    @Test("Who is anonymous is vouched for by a rule alone")
    func vouching() {
        #expect(!actor("c").isVouchedFor)
        #expect(actor("c", user: "u").isVouchedFor)
        #expect(actor("c", byRule: true).isVouchedFor)
    }

    private func add(_ name: String, bytes: Int = 0, to queue: inout ControlQueue) -> Bool {
        queue.add(.init(payload: Array(repeating: 0, count: bytes), actor: actor(name)))
    }

    @Test("Requests of one client wait for each other, those of others do not")
    func queue() {
        var queue = ControlQueue()
        let areTaken = ["a", "a", "b"].map { add($0, to: &queue) }
        #expect(areTaken == [true, true, true])
        let first = queue.next()
        let names = [first, queue.next(), queue.next()].map { $0?.actor.clientIdentifier }
        #expect(names == ["a", "b", nil])
        if let first { queue.end(first) }
        let next = queue.next()
        #expect(next?.actor.clientIdentifier == "a")
    }

    @Test("The line of requests is bounded, by number and bytes")
    func bounds() {
        var queue = ControlQueue()
        var count = 0
        while count < 10_000, add("a", to: &queue) { count += 1 }
        #expect(count == ControlQueue.waitingMax)
        var large = ControlQueue()
        let isTaken = [
            add("a", bytes: ControlQueue.waitingBytesMax, to: &large),
            add("b", bytes: 1, to: &large),
        ]
        #expect(isTaken == [true, false])
    }

    @Test("So many clients are served at a time", arguments: [-1, 0, 1])
    func running(excess: Int) {
        var queue = ControlQueue()
        let count = ControlQueue.runningMax + excess
        for name in 0..<count { _ = add("\(name)", to: &queue) }
        var running = 0
        while queue.next() != nil { running += 1 }
        #expect(running == min(count, ControlQueue.runningMax))
    }

    @Test("An audit entry says who, from where, what and what came of it")
    func audit() throws {
        let text = #"{"command":"x","correlationData":"c","name":"n\n"}"#
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        let failed = AuditEntry(
            "doIt",
            ControlArguments(value),
            by: actor("c", user: "u"),
            .failed(ControlFailure("no")),
            at: 1_796_089_064_042
        )
        #expect(
            failed?.line
                == #"{"time":"2026-12-01T01:37:44.042Z","command":"doIt","arguments":{"name":"n\n"},"#
                + #""username":"u","clientid":"c","address":"a:1","result":"failed","error":"no"}"#
        )
        #expect(failed?.logText == #"Control: c [a:1], u'u': doIt {"name":"n\n"}: failed: no."#)
        let dry = #"{"command":"x","dry-run":true}"#
        let arguments = ControlArguments(try #require(JSONValue(parsing: Array(dry.utf8))))
        #expect(AuditEntry("x", arguments, by: actor("c"), .done(nil), at: 0) == nil)
    }

    @Test("Bytes are text if they are UTF-8 without NUL, else Base64 under a name that says so")
    func bytes() {
        var members = JSONMembers()
        members.add("a", Array("é".utf8))
        members.add("b", [0xFF, 0xFE] as [UInt8])
        members.add("c", [0x61, 0] as [UInt8])
        #expect(
            members.object.compactText == #"{"a":"é","b-base64":"//4=","c-base64":"YQA="}"#
        )
    }
}
