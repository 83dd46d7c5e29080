// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl: from words to requests, on the command line and in the shell.

import JSON
import Testing
import ToolSupport

@testable import mosquitto_ctrl

/// Splits at blanks; `''` stands for an empty word.
private func words(_ line: String) -> [String] {
    line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
}

@Suite("mosquitto_ctrl requests")
struct CtrlRequestTests {
    private static let commandLineCases: [(String, String)] = [
        ("getDefaultACLAccess", #"{"command":"getDefaultACLAccess"}"#),
        (
            "SETDEFAULTACLACCESS subscribe allow",
            #"{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]}"#
        ),
        ("getAnonymousGroup", #"{"command":"getAnonymousGroup"}"#),
        ("setAnonymousGroup g", #"{"command":"setAnonymousGroup","groupname":"g"}"#),
        (
            "createClient u -p pw -i id",
            #"{"command":"createClient","username":"u","clientid":"id","password":"pw"}"#
        ),
        (
            "createClient u -c id -p pw",
            #"{"command":"createClient","username":"u","clientid":"id","password":"pw"}"#
        ),
        ("deleteclient u", #"{"command":"deleteClient","username":"u"}"#),
        ("getClient u", #"{"command":"getClient","username":"u"}"#),
        ("enableclient u", #"{"command":"enableclient","username":"u"}"#),
        ("disableClient u", #"{"command":"disableClient","username":"u"}"#),
        ("listClients", #"{"command":"listClients"}"#),
        ("listClients 5", #"{"command":"listClients","count":5}"#),
        ("listClients 5 3", #"{"command":"listClients","count":5,"offset":3}"#),
        ("listGroups 0 -1", #"{"command":"listGroups"}"#),
        ("listRoles 1 0", #"{"command":"listRoles","count":1}"#),
        ("setClientId u", #"{"command":"setClientId","username":"u"}"#),
        ("setClientId u id", #"{"command":"setClientId","username":"u","clientid":"id"}"#),
        (
            "setClientPassword u pw",
            #"{"command":"setClientPassword","username":"u","password":"pw"}"#
        ),
        ("addClientRole u r", #"{"command":"addClientRole","username":"u","rolename":"r"}"#),
        (
            "addclientROLE u r 5",
            #"{"command":"addclientROLE","username":"u","rolename":"r","priority":5}"#
        ),
        ("addClientRole u r -1", #"{"command":"addClientRole","username":"u","rolename":"r"}"#),
        ("removeClientRole u r", #"{"command":"removeClientRole","username":"u","rolename":"r"}"#),
        ("createGroup g", #"{"command":"createGroup","groupname":"g"}"#),
        ("deleteGroup g", #"{"command":"deleteGroup","groupname":"g"}"#),
        ("getGroup g", #"{"command":"getGroup","groupname":"g"}"#),
        (
            "addGroupRole g r 0",
            #"{"command":"addGroupRole","groupname":"g","rolename":"r","priority":0}"#
        ),
        ("removeGroupRole g r", #"{"command":"removeGroupRole","groupname":"g","rolename":"r"}"#),
        (
            "addGroupClient g u 3",
            #"{"command":"addGroupClient","username":"u","groupname":"g","priority":3}"#
        ),
        (
            "removeGroupClient g u",
            #"{"command":"removeGroupClient","username":"u","groupname":"g"}"#
        ),
        ("createRole r", #"{"command":"createRole","rolename":"r"}"#),
        ("deleteRole r", #"{"command":"deleteRole","rolename":"r"}"#),
        ("getRole r", #"{"command":"getRole","rolename":"r"}"#),
        (
            "addRoleACL r publishclientsend a/# deny",
            #"{"command":"addRoleACL","rolename":"r","acltype":"publishclientsend","topic":"a/#","#
                + #""allow":false}"#
        ),
        (
            "addRoleACL r subscribeLiteral a/# allow 9",
            #"{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"a/#","#
                + #""allow":true,"priority":9}"#
        ),
        ("getDefaultACLAccess x", #"{"command":"getDefaultACLAccess"}"#),
        ("getAnonymousGroup x y", #"{"command":"getAnonymousGroup"}"#),
        ("listGroups x 7", #"{"command":"listGroups","offset":7}"#),
        (
            "addClientRole u r x",
            #"{"command":"addClientRole","username":"u","rolename":"r","priority":0}"#
        ),
        (
            "addGroupRole g r 99999999999",
            #"{"command":"addGroupRole","groupname":"g","rolename":"r","priority":1215752191}"#
        ),
        (
            "removeRoleACL r unsubscribePattern a",
            #"{"command":"removeRoleACL","rolename":"r","acltype":"unsubscribePattern","topic":"a"}"#
        ),
    ]

    private func commandLine(_ line: String, answers: [String] = []) throws -> JSONValue {
        let all = words(line)
        let rule = try #require(ControlModule.dynsec.command(named: all[0]))
        var rest = answers[...]
        return try CommandLineRequest(
            rule: rule,
            typedName: all[0],
            arguments: Array(all.dropFirst()),
            ask: { _ in Array((rest.popFirst() ?? "").utf8) }
        ).make()
    }

    @Test("a command line becomes this request", arguments: commandLineCases)
    func request(_ line: String, _ json: String) throws {
        #expect(try commandLine(line).compactText == json)
    }

    @Test("every command of the command line is in the table above")
    func completeness() {
        let tested = Set(Self.commandLineCases.map { words($0.0)[0].lowercased() })
        let rules = ControlModule.dynsec.commands.filter { $0.isOnCommandLine && $0.form != .local }
        #expect(Set(rules.map { $0.name.lowercased() }) == tested)
    }

    @Test(
        "a wrong number of words, or a wrong word, is invalid input",
        arguments: [
            "setDefaultACLAccess", "setDefaultACLAccess subscribe",
            "setDefaultACLAccess nonsense allow", "setDefaultACLAccess subscribe allow x",
            "setAnonymousGroup", "createClient", "createClient u -p",
            "createClient u -c", "createClient u x", "deleteClient", "deleteClient a b",
            "getClient",
            "enableClient", "disableClient a b", "listClients 1 2 3",
            "setClientId", "setClientId a b c", "setClientPassword", "setClientPassword a b c",
            "addClientRole u", "addClientRole u r 1 2", "removeClientRole u",
            "createGroup", "deleteGroup a b", "getGroup", "addGroupRole g", "removeGroupRole g",
            "addGroupClient g", "removeGroupClient g", "createRole", "createRole a b", "deleteRole",
            "getRole", "addRoleACL r subscribeLiteral t", "addRoleACL r subscribe t allow",
            "addRoleACL r subscribeLiteral t maybe",
            "addRoleACL r subscribeLiteral t allow 1 2", "removeRoleACL r subscribeLiteral",
            "removeRoleACL r nonsense t",
        ]
    )
    func invalid(_ line: String) {
        let failure = #expect(throws: ToolFailure.self) { try commandLine(line) }
        #expect(failure?.status == 3)
        #expect(failure?.message.hasSuffix("Error: Invalid input.") == true)
    }

    @Test("passwords that are not on the command line are asked for twice")
    func passwords() throws {
        let set = #"{"command":"setClientPassword","username":"u","password":"pw"}"#
        #expect(try commandLine("setClientPassword u", answers: ["pw", "pw"]).compactText == set)
        #expect(throws: ToolFailure("Error: Passwords do not match.")) {
            try commandLine("setClientPassword u", answers: ["pw", "px"])
        }
        #expect(throws: ToolFailure("Error: Empty password.")) {
            try commandLine("setClientPassword u", answers: [""])
        }
        #expect(throws: ToolFailure("Error: Empty password.")) {
            try commandLine("setClientPassword u", answers: ["pw", ""])
        }
        let without = #"{"command":"createClient","username":"u"}"#
        #expect(try commandLine("createClient u", answers: [""]).compactText == without)
        let with = #"{"command":"createClient","username":"u","password":"pw"}"#
        #expect(try commandLine("createClient u", answers: ["pw", "pw"]).compactText == with)
        #expect(throws: ToolFailure("Error: Passwords do not match.")) {
            try commandLine("createClient u", answers: ["pw", "px"])
        }
    }

    // MARK: Shell

    private static let shellCases: [(String, String)] = [
        ("getDetails", #"{"command":"getDetails"}"#),
        (
            "createClient u pw id",
            #"{"command":"createClient","username":"u","password":"pw","clientid":"id"}"#
        ),
        ("ADDCLIENTROLE u r", #"{"command":"addClientRole","username":"u","rolename":"r"}"#),
        (
            "addRoleACL r subscribeliteral allow a b",
            #"{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","allow":true,"#
                + #""priority":-1,"topic":"a b"}"#
        ),
        (
            "addRoleACL r publishClientSend deny 5 a",
            #"{"command":"addRoleACL","rolename":"r","acltype":"publishClientSend","allow":false,"#
                + #""priority":5,"topic":"a"}"#
        ),
        (
            "addRoleACL r publishClientSend deny 5",
            #"{"command":"addRoleACL","rolename":"r","acltype":"publishClientSend","allow":false,"#
                + #""priority":-1,"topic":"5"}"#
        ),
        (
            "removeRoleACL r publishClientSend a b",
            #"{"command":"removeRoleACL","rolename":"r","acltype":"publishClientSend","topic":"a b"}"#
        ),
        (
            "modifyClient u textName The name",
            #"{"command":"modifyClient","username":"u","textname":"The name"}"#
        ),
        (
            "modifyGroup g TEXTDESCRIPTION d",
            #"{"command":"modifyGroup","groupname":"g","textdescription":"d"}"#
        ),
        (
            "modifyRole r allowWildcardSubs false",
            #"{"command":"modifyRole","rolename":"r","allowwildcardsubs":false}"#
        ),
        ("setClientId u", #"{"command":"setClientId","username":"u"}"#),
        ("setClientId u id", #"{"command":"setClientId","username":"u","clientid":"id"}"#),
        ("listRoles 3 0", #"{"command":"listRoles","count":3,"offset":0}"#),
        (
            "setDefaultACLAccess unsubscribe deny",
            #"{"command":"setDefaultACLAccess","acls":[{"acltype":"unsubscribe","allow":false}]}"#
        ),
    ]

    private func shell(_ line: String, answers: [String] = []) throws -> JSONValue {
        let all = words(line)
        let rule = try #require(ControlModule.dynsec.command(named: all[0]))
        var rest = answers[...]
        return try ShellRequest(rule: rule, arguments: Array(all.dropFirst())) { _ in
            Array((rest.popFirst() ?? "").utf8)
        }.make()
    }

    @Test("a line of the shell becomes this request", arguments: shellCases)
    func shellRequest(_ line: String, _ json: String) throws {
        #expect(try shell(line).compactText == json)
    }

    @Test(
        "a line that cannot be followed shows the syntax and what is wrong",
        arguments: [
            ("getClient", ["getClient <username>"]),
            ("addClientRole u", ["addClientRole <username> <rolename>"]),
            ("setClientId", ["setClientId <username> [clientid]"]),
            ("setClientId u id more", ["setClientId <username> [clientid]"]),
            ("listClients x", ["listClients [count [offset]]", "Invalid value 'x'"]),
            (
                "setDefaultACLAccess publish allow",
                ["setDefaultACLAccess <acltype> allow|deny", "Invalid acltype 'publish'"]
            ),
            (
                "setDefaultACLAccess subscribe Allow",
                ["setDefaultACLAccess <acltype> allow|deny", "Invalid allow/deny 'Allow'"]
            ),
            (
                "modifyClient u colour red",
                [
                    "modifyClient <username> textName|textDescription <value>",
                    "Unknown property 'colour'",
                ]
            ),
            (
                "modifyRole r allowWildcardSubs maybe",
                [
                    "modifyRole <rolename> allowWildcardSubs true|false",
                    "modifyRole <rolename> textName|textDescription <value>",
                    "Invalid value 'maybe'",
                ]
            ),
        ]
    )
    func shellUsage(_ line: String, _ lines: [String]) {
        #expect(throws: ShellUsageError(lines: lines)) { try shell(line) }
    }

    // MARK: Completion

    @Test(
        "the Tab key offers what can stand there",
        arguments: [
            ("", "disc", ["disconnect"]), ("", "LISTC", ["listClients"]),
            ("help", "listR", ["listRoles"]), ("getClient", "c", ["c1", "c2"]),
            ("getClient", "C", []), ("addClientRole c1", "", ["r1"]),
            ("ADDGROUPCLIENT", "", ["g1"]), ("addGroupClient g1", "c2", ["c2"]),
            ("addRoleACL r1", "unsub", ["unsubscribeLiteral", "unsubscribePattern"]),
            ("addRoleACL r1 subscribeLiteral", "a", ["allow"]), ("removeRoleACL r1 x", "", []),
            ("modifyRole r1", "", ["allowWildcardSubs", "textName", "textDescription"]),
            ("setDefaultACLAccess", "s", ["subscribe"]), ("nonsense", "", []),
            ("getClient c1", "", []),
        ]
    )
    func completion(_ before: String, _ beginning: String, _ candidates: [String]) {
        let names = KnownNames(clients: ["c1", "c2"], groups: ["g1"], roles: ["r1"])
        let commands = ControlModule.dynsec.commands.map(\.name) + ["disconnect", "help"]
        let completer = ShellCompleter(commands: commands, names: names)
        #expect(
            completer.candidates(before: words(before), beginning: beginning) == candidates
        )
    }
}
