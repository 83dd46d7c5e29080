// SPDX-License-Identifier: Apache-2.0
// Control messages: commands, batches, what is logged and who is disconnected.

import DynamicSecurity
import Foundation
import Testing

@Suite struct CommandTests {
    @Test("Each command answers with exactly the prescribed text", arguments: CommandScript.all)
    func script(_ script: CommandScript) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for step in script.steps {
            #expect(fixture.run(step.command) == step.answer, "\(step)")
        }
    }

    @Test(
        "The state after a script is the same after a restart, from the journal and from the file",
        arguments: CommandScript.all
    )
    func restart(_ script: CommandScript) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for step in script.steps { _ = fixture.run(step.command) }
        let state = StateFile.text(of: fixture.engine.directory.snapshot())

        // As after kill -9: the journal has it all.
        let second = try EngineFixture(in: fixture.directory)
        #expect(text(second) == String(decoding: state, as: UTF8.self))
        #expect(second.engine.compact())
        #expect(try Data(contentsOf: URL(filePath: fixture.path)) == Data(state))

        let third = try EngineFixture(in: fixture.directory)
        #expect(text(third) == String(decoding: state, as: UTF8.self))
    }

    private func text(_ fixture: EngineFixture) -> String {
        String(decoding: StateFile.text(of: fixture.engine.directory.snapshot()), as: UTF8.self)
    }

    @Test(
        "What is not a command ends the message with the prescribed answer",
        arguments: [
            ("xx", #"{"command":"Unknown command","error":"Payload not valid JSON"}"#),
            ("", #"{"command":"Unknown command","error":"Payload not valid JSON"}"#),
            ("{}", #"{"command":"Unknown command","error":"Invalid/missing commands"}"#),
            (
                #"{"commands":5}"#,
                #"{"command":"Unknown command","error":"Invalid/missing commands"}"#
            ),
            (#"{"commands":[]}"#, ""),
            (#"{"COMMANDS":[]}"#, ""),
            (
                #"{"commands":[{"command":"zz"},5,{"command":"zz"}]}"#,
                #"{"command":"zz","error":"Unknown command"},{"command":"Unknown command","error":"Command not an object"}"#
            ),
            (
                #"{"commands":[{},{"command":"zz"}]}"#,
                #"{"command":"Unknown command","error":"Missing command"}"#
            ),
            (
                #"{"commands":[{"command":"zz","correlationData":{}},{"command":"zz"}]}"#,
                #"{"command":"zz","error":"Invalid correlationData data type."}"#
            ),
        ]
    )
    func notACommand(_ message: String, _ answers: String) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        #expect(fixture.send(Array(message.utf8)) == #"{"responses":[\#(answers)]}"#)
    }

    @Test("A batch runs in order, later commands see earlier ones, a failure does not stop it")
    func batch() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        let message = #"""
            {"commands":[{"command":"createRole","rolename":"r","correlationData":"1"},
            {"command":"createRole","rolename":"r","correlationData":"2"},
            {"command":"createClient","username":"u","roles":[{"rolename":"r"}],"correlationData":"3"}]}
            """#
        #expect(
            fixture.send(Array(message.utf8))
                == #"{"responses":[{"command":"createRole","correlationData":"1"},{"command":"createRole","error":"Role already exists","correlationData":"2"},{"command":"createClient","correlationData":"3"}]}"#
        )
        #expect(fixture.run(#""command":"getDetails""#).contains(#""changeIndex":2"#))
    }

    @Test("Names that look alike but differ in bytes are different names")
    func canonicalEquivalence() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        #expect(
            fixture.run("\"command\":\"createClient\",\"username\":\"\u{E9}\"")
                == #"{"command":"createClient"}"#
        )
        #expect(
            fixture.run("\"command\":\"createClient\",\"username\":\"e\u{301}\"")
                == #"{"command":"createClient"}"#
        )
    }

    @Test("Answers never hold a password or a hash")
    func noHashInAnswers() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createClient","username":"u","password":"secret""#)
        for command in [#""getClient","username":"u""#, #""listClients","verbose":true"#] {
            let answer = fixture.run(#""command":\#(command)"#)
            #expect(answer.contains(#""username":"u""#))
            #expect(
                !answer.contains("password") && !answer.contains("$7$")
                    && !answer.contains("secret")
            )
        }
        #expect(!fixture.log.contains { $0.contains("secret") || $0.contains("$7$") })
    }

    @Test(
        "Verbose clients list their sessions: all of the username, or the one with the fixed identifier"
    )
    func connections() throws {
        let fixture = try EngineFixture(sessions: { names in
            Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (
                        name,
                        [
                            Session(clientID: "one", address: "192.0.2.7"),
                            Session(clientID: "two", address: nil),
                        ]
                    )
                }
            )
        })
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createClient","username":"u""#)
        #expect(
            fixture.run(#""command":"getClient","username":"u""#).hasSuffix(
                #""groups":[],"connections":[{"address":"192.0.2.7"},{}]}}}"#
            )
        )
        _ = fixture.run(#""command":"setClientId","username":"u","clientid":"two""#)
        #expect(
            fixture.run(#""command":"getClient","username":"u""#).hasSuffix(
                #""connections":[{}]}}}"#
            )
        )
    }

    // MARK: - Who is disconnected

    /// A role used by a client and a group, and a group that also is the anonymous one.
    private static let population = [
        #""command":"createRole","rolename":"r""#,
        #""command":"createRole","rolename":"other""#,
        #""command":"createGroup","groupname":"g","roles":[{"rolename":"r"}]"#,
        #""command":"createGroup","groupname":"h""#,
        #""command":"setAnonymousGroup","groupname":"g""#,
        #""command":"createClient","username":"holder","roles":[{"rolename":"r"}]"#,
        #""command":"createClient","username":"member","groups":[{"groupname":"g"}]"#,
        #""command":"createClient","username":"else""#,
    ]

    @Test(
        "Exactly those whose rights changed are disconnected",
        arguments: [
            (#""command":"deleteClient","username":"else""#, "else"),
            (#""command":"disableClient","username":"else""#, "else"),
            (#""command":"enableClient","username":"else""#, ""),
            (#""command":"setClientPassword","username":"else","password":"x""#, "else"),
            (#""command":"setClientId","username":"else","clientid":"x""#, "else"),
            (#""command":"modifyClient","username":"else","textname":"x""#, "else"),
            (#""command":"addClientRole","username":"else","rolename":"r""#, "else"),
            (#""command":"removeClientRole","username":"holder","rolename":"r""#, "holder"),
            (#""command":"addGroupClient","username":"else","groupname":"g""#, "else"),
            (#""command":"addGroupClient","username":"member","groupname":"g""#, "member"),
            (#""command":"removeGroupClient","username":"member","groupname":"g""#, "member"),
            (#""command":"addGroupRole","groupname":"g","rolename":"other""#, "member *"),
            (#""command":"removeGroupRole","groupname":"g","rolename":"r""#, "member *"),
            (#""command":"addGroupRole","groupname":"h","rolename":"other""#, ""),
            (
                #""command":"modifyGroup","groupname":"g","clients":[{"username":"else"}]"#,
                "else member *"
            ),
            (#""command":"setAnonymousGroup","groupname":"h""#, "*"),
            (
                #""command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"x""#,
                "holder member *"
            ),
            (#""command":"modifyRole","rolename":"r","textname":"x""#, ""),
            (#""command":"modifyRole","rolename":"r","allowwildcardsubs":true"#, ""),
            (
                #""command":"modifyRole","rolename":"r","allowwildcardsubs":false"#,
                "holder member *"
            ),
            (#""command":"modifyRole","rolename":"r","acls":[]"#, "holder member *"),
            (#""command":"deleteRole","rolename":"r""#, "holder member *"),
            (#""command":"deleteRole","rolename":"other""#, ""),
            (#""command":"deleteGroup","groupname":"h""#, ""),
            (#""command":"createRole","rolename":"new""#, ""),
            (#""command":"getRole","rolename":"r""#, ""),
            (#""command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]"#, ""),
        ]
    )
    func kicks(_ command: String, _ expected: String) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for command in CommandTests.population { #expect(!fixture.run(command).contains("error")) }
        _ = fixture.engine.takeKicks()
        _ = fixture.run(command)
        let kicks = fixture.engine.takeKicks()
        let names = kicks.usernames.map(\.text).sorted() + (kicks.isForAnonymous ? ["*"] : [])
        #expect(names.joined(separator: " ") == expected)
        #expect(fixture.engine.takeKicks().isEmpty)
    }

    // MARK: - The log

    @Test(
        "Each change is logged in one line with who, what, which object and the result",
        arguments: [
            (
                #""command":"createClient","username":"n","password":"x""#,
                "info dynsec: cid/admin | createClient | username=n | password=***** | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"createClient","username":"n""#,
                "info dynsec: cid/admin | createClient | username=n | password=no password | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"createClient","username":"else""#,
                "notice dynsec: cid/admin | createClient | username=else | address=192.0.2.1 | result=error: Client already exists"
            ),
            (
                #""command":"setClientPassword","username":"else","password":"x""#,
                "info dynsec: cid/admin | setClientPassword | username=else | password=****** | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"setClientId","username":"else""#,
                "info dynsec: cid/admin | setClientId | username=else | clientid=(null) | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"addGroupClient","username":"else","groupname":"h","priority":4"#,
                "info dynsec: cid/admin | addGroupClient | groupname=h | username=else | priority=4 | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"x","allow":true"#,
                "info dynsec: cid/admin | addRoleACL | rolename=r | acltype=subscribeLiteral | topic=x | priority=0 | allow=true | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]"#,
                "info dynsec: cid/admin | setDefaultACLAccess | acltype=subscribe | allow=true | address=192.0.2.1 | result=success"
            ),
            (
                #""command":"listRoles","count":5"#,
                "info dynsec: cid/admin | listRoles | verbose=false | count=3 | offset=0"
            ),
            (#""command":"getDetails""#, "info dynsec: cid/admin | getDetails"),
            (
                #""command":"deleteClient","username":"a\nb""#,
                "notice dynsec: cid/admin | deleteClient | username=a?b | address=192.0.2.1 | result=error: Client not found"
            ),
        ]
    )
    func log(_ command: String, _ line: String) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for command in CommandTests.population { _ = fixture.run(command) }
        _ = fixture.run(command)
        #expect(fixture.log.last == line)
    }
}
