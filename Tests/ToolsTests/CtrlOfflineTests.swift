// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl without a broker: dynsec init and -f.

import Foundation
import Glibc
import JSON
import TestSupport
import Testing

@testable import mosquitto_ctrl

@Suite("mosquitto_ctrl on files")
struct CtrlOfflineTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) throws -> Outcome {
        try ToolProgram.ctrl.run(arguments, in: folder.path)
    }

    private func load(_ name: String) throws -> JSONValue {
        try #require(JSONValue(parsing: Array(try folder.read(name).utf8)))
    }

    @Test("a password that is not UTF-8 is refused rather than changed")
    func undecodable() throws {
        let word = "\"$0\" -f \"$1\" dynsec setClientPassword boss \"$(printf '\\377')\""
        let prompt = "printf '\\377\\n\\377\\n' | \"$0\" dynsec init \"$1\" boss"
        for (call, text) in [
            (word, "Error: Argument 6 is not valid UTF-8."),
            (prompt, "Error: Password is not valid UTF-8."),
        ] {
            let arguments = ["-c", call, ToolProgram.ctrl.path, folder.file("f")]
            let outcome = try ChildProcess.run("/bin/sh", arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.hasPrefix(text + "\n"))
            #expect(try folder.names().isEmpty)
        }
    }

    @Test("init writes one line of JSON with an administrator")
    func initialise() throws {
        let outcome = try run("dynsec", "init", "f", "boss", "pw")
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 9)
        #expect(lines.first == "The client 'boss' has been created in the file 'f'.")
        var status = stat()
        #expect(stat(folder.file("f"), &status) == 0)
        #expect(status.st_mode & 0o7777 & ~0o640 == 0)
        var file = try load("f")
        #expect(file.compactText == (try folder.read("f")))
        let client = try #require(file["clients"]?.elements?.first)
        #expect(client["encoded_password"]?.text?.hasPrefix("$7$1000$") == true)
        file["clients"] = .array([])
        let expected =
            #"{"clients":[],"roles":[{"rolename":"admin","acls":["#
            + [
                ("publishClientSend", "$CONTROL/dynamic-security/#"),
                ("publishClientReceive", "$CONTROL/dynamic-security/#"),
                ("subscribePattern", "$CONTROL/dynamic-security/#"),
                ("publishClientReceive", "$SYS/#"), ("subscribePattern", "$SYS/#"),
                ("publishClientReceive", "#"), ("subscribePattern", "#"),
                ("unsubscribePattern", "#"),
            ].map { #"{"acltype":"\#($0)","topic":"\#($1)","allow":true}"# }.joined(separator: ",")
            + #"]}],"defaultACLAccess":{"publishClientSend":false,"publishClientReceive":true,"#
            + #""subscribe":false,"unsubscribe":true}}"#
        #expect(file.compactText == expected)
    }

    @Test(
        "init refuses what it cannot do",
        arguments: [
            (
                "dynsec init f", CInt(3),
                "dynsec init: Not enough arguments - filename, or admin-user missing.\n"
                    + "Error: Invalid input.\n"
            ),
            (
                "dynsec init f a b c", 3,
                "dynsec init: Too many arguments.\nError: Invalid input.\n"
            ),
            (
                "dynsec init taken a b", 1,
                "dynsec init: Unable to open 'taken' for writing (File exists).\n"
            ),
            (
                "dynsec init none/f a b", 1,
                "dynsec init: Unable to open 'none/f' for writing (No such file or directory).\n"
            ),
        ]
    )
    func refusals(_ line: String, _ status: CInt, _ text: String) throws {
        try folder.write("taken", "x")
        let outcome = try ToolProgram.ctrl.run(
            line.split(separator: " ").map(String.init),
            in: folder.path
        )
        #expect(outcome.status == status)
        #expect(outcome.errors == text)
        #expect(try folder.names() == ["taken"])
    }

    @Test("-f replaces a client's password and nothing else")
    func setPassword() throws {
        try folder.write(
            "f",
            """
            {"defaultACLAccess": {"subscribe": true}, "clients": [{"username": "a"},
            {"username": "u", "password": "old", "salt": "s", "iterations": 101, "textname": "T"}]}
            """
        )
        #expect(
            try run("-f", "f", "dynsec", "setClientPassword", "u", "new", "-i", "7").status == 0
        )
        var file = try load("f")
        var clients = try #require(file["clients"]?.elements)
        #expect(clients[1]["encoded_password"]?.text?.hasPrefix("$7$7$") == true)
        clients[1]["encoded_password"] = "X"
        file["clients"] = .array(clients)
        let expected =
            #"{"defaultACLAccess":{"subscribe":true},"clients":[{"username":"a"},"#
            + #"{"username":"u","textname":"T","encoded_password":"X"}]}"#
        #expect(file.compactText == expected)
        #expect(try folder.names() == ["f"])
    }

    @Test(
        "-f says what is wrong with the file or the words",
        arguments: [
            ("none", "u p", CInt(3), "Error: Unable to open none."),
            ("empty", "u p", 3, "Error: empty is empty."),
            ("text", "u p", 3, "Error: text is not valid JSON."),
            ("other", "u p", 3, "Error: other is not a valid dynamic-security config file."),
            ("good", "v p", 1, "Error: Client v not found."),
            ("good", "u p x", 3, "Error: Unknown argument: x\nError: Invalid input."),
            ("good", "u p -i 0", 3, "Error: Invalid input."),
            ("good", "u", 1, "Error: Empty password."),
        ]
    )
    func wrong(_ file: String, _ words: String, _ status: CInt, _ text: String) throws {
        try folder.write("empty", "")
        try folder.write("text", "nonsense")
        try folder.write("other", "{}")
        try folder.write("good", #"{"clients":[{"username":"u"}]}"#)
        let command = "-f \(file) dynsec setClientPassword \(words)"
        let outcome = try ToolProgram.ctrl.run(
            command.split(separator: " ").map(String.init),
            in: folder.path
        )
        #expect(outcome.status == status)
        #expect(outcome.errors == text + "\n")
        #expect(try folder.read("good") == #"{"clients":[{"username":"u"}]}"#)
    }

    @Test("-f makes no request for any other command")
    func otherCommand() throws {
        let outcome = try run("-f", "f", "dynsec", "listClients")
        #expect(outcome.status == 3)
        #expect(outcome.errors == "Error: listClients cannot be used with a data file.\n")
    }
}
