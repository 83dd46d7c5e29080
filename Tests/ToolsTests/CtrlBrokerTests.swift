// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl against Debian's broker, side by side with Debian's own mosquitto_ctrl.

import Foundation
import TestSupport
import Testing

/// A broker with dynamic security and a way to run either tool on it.
private struct Administration {
    let broker: Broker

    init() throws { broker = try Broker.debianWithDynamicSecurity() }

    func run(
        program path: String = ToolProgram.ctrl.path,
        options: [String] = ["-u", "admin", "-P", "pw"],
        _ words: [String]
    ) throws -> Outcome {
        try ChildProcess.run(
            path,
            ["-h", "127.0.0.1", "-p", "\(broker.port)"] + options + words,
            environment: ["XDG_CONFIG_HOME": "/nonexistent"]
        )
    }

    func run(_ line: String) throws -> Outcome {
        try run(line.split(separator: " ").map(String.init))
    }
}

@Suite("mosquitto_ctrl at a broker")
struct CtrlBrokerTests {
    /// Every command in success and in failure, in an order in which each has something to do.
    private static let script = """
        createClient cc -c cid -p pw
        createClient cd -p pw
        createClient cc -p x
        createRole r1
        createRole r2
        createRole r2
        createGroup g1
        createGroup g2
        createGroup g2
        addClientRole cc r1 5
        addClientRole cc r2
        addClientRole cc nobody
        addClientRole nobody r1
        addGroupClient g1 cc 3
        addGroupClient g2 cc
        addGroupClient g2 nobody
        addGroupClient nobody cc
        addGroupRole g1 r1 7
        addGroupRole g1 r2
        addGroupRole g1 nobody
        addGroupRole nobody r1
        addRoleACL r1 subscribePattern a/# allow 4
        addRoleACL r1 subscribePattern a/# allow 4
        addRoleACL r1 publishClientSend b deny
        addRoleACL r1 publishClientReceive b allow
        addRoleACL nobody publishClientReceive b allow
        addRoleACL r1 subscribePattern a# allow
        getClient cc
        getClient cd
        getClient nobody
        GETclient cc
        disableClient cd
        getClient cd
        disableClient nobody
        eNableClient cd
        enableClient nobody
        getGroup g1
        getGroup g2
        getGroup nobody
        getRole r1
        getRole r2
        getRole nobody
        getDefaultACLAccess
        getAnonymousGroup
        setAnonymousGroup g1
        setAnonymousGroup nobody
        getAnonymousGroup
        listClients
        listClients 1
        listClients 1 1
        listGroups
        listGroups 1 1
        listRoles
        listRoles 2 1
        setClientId cc
        getClient cc
        setClientId cc x
        setClientId nobody
        setClientPassword cc new
        setClientPassword nobody new
        removeRoleACL r1 subscribePattern a/#
        removeRoleACL r1 subscribePattern a/#
        removeRoleACL nobody subscribePattern a/#
        removeClientRole cc r1
        removeClientRole nobody r1
        removeClientRole cc nobody
        removeGroupClient g1 cc
        removeGroupClient nobody cc
        removeGroupClient g1 nobody
        removeGroupRole g1 r1
        removeGroupRole nobody r1
        removeGroupRole g1 nobody
        deleteGroup g2
        deleteGroup nobody
        deleteRole r2
        deleteRole nobody
        deleteClient cd
        deleteClient nobody
        listClients
        nonsense
        """

    /// What both tools' texts have in common: 2.0 aligns clients differently, knows no connections
    /// and ends errors without a full stop.
    private func common(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.split(separator: " ").joined(separator: " ") }
            .filter { $0 != "Connections:" }
            .map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
    }

    @Test("every command does and prints the same as Debian's tool; failures end with a status")
    func sideBySide() throws {
        let ours = try Administration()
        let theirs = try Administration()
        for line in Self.script.split(separator: "\n") {
            let words = ["dynsec"] + line.split(separator: " ").map(String.init)
            let mine = try ours.run(words)
            let reference = try theirs.run(program: "/usr/bin/mosquitto_ctrl", words)
            #expect(common(mine.output) == common(reference.output), "\(line)")
            #expect(common(mine.errors) == common(reference.errors), "\(line)")
            let failed = reference.errors.contains("Error: ") || reference.status != 0
            #expect((mine.status != 0) == failed, "\(line)")
        }
    }

    /// Not in the script above: Debian's tool sends something else than it is told.
    @Test("default access is allowed as well as denied")
    func defaultAccess() throws {
        let administration = try Administration()
        #expect(try administration.run("dynsec setDefaultACLAccess subscribe allow").status == 0)
        #expect(try administration.run("dynsec setDefaultACLAccess unsubscribe deny").status == 0)
        let shown = try administration.run("dynsec getDefaultACLAccess").output
        #expect(shown.contains("subscribe            : allow\nunsubscribe          : deny\n"))
    }

    @Test("columns are exactly those of the 2.1 tool")
    func columns() throws {
        let administration = try Administration()
        #expect(try administration.run("dynsec createClient u -p x").output.isEmpty)
        #expect(try administration.run("dynsec createRole r").status == 0)
        #expect(try administration.run("dynsec addClientRole u r 2").status == 0)
        let shown = try administration.run("dynsec getClient u").output
        #expect(
            shown == "Username:    u\nClientid:\nRoles:       r (priority: 2)\nConnections:\n"
        )
    }

    @Test(
        "MQTT versions and QoS make no difference",
        arguments: ["31", "311", "5"],
        ["0", "1", "2"]
    )
    func versions(_ version: String, _ qos: String) throws {
        let administration = try Administration()
        let options = ["-u", "admin", "-P", "pw", "-V", version, "-q", qos]
        let outcome = try administration.run(options: options, ["dynsec", "listClients"])
        #expect(outcome.output == "admin\n")
        #expect(outcome.status == 0)
    }

    @Test("without encryption there is a warning, unless it is to be quiet")
    func warning() throws {
        let administration = try Administration()
        let loud = try administration.run("dynsec listClients")
        #expect(
            loud.errors
                == "Warning: You are running mosquitto_ctrl without encryption.\n"
                + "This means all of the configuration changes you are making are visible on the "
                + "network, including passwords.\n\n"
        )
        #expect(try administration.run("--quiet dynsec listClients").errors.isEmpty)
    }

    @Test("--json prints the response itself")
    func json() throws {
        let administration = try Administration()
        let listed = try administration.run("--json dynsec listClients")
        #expect(
            listed.output
                == #"{"command":"listClients","data":{"totalCount":1,"clients":["admin"]}}"# + "\n"
        )
        let failed = try administration.run("--quiet --json dynsec getClient nobody")
        #expect(failed.output == #"{"command":"getClient","error":"Client not found"}"# + "\n")
        #expect(failed.errors == "getClient: Error: Client not found.\n")
        #expect(failed.status == 1)
    }

    @Test(
        "a refused connection or subscription has its words and its status",
        arguments: [
            (["-P", "bad"], "Connection error: Not authorized\n", CInt(5)),
            (
                ["-V", "311", "-P", "bad"],
                "Connection error: Connection Refused: not authorised.\n", 5
            ),
        ]
    )
    func refused(_ options: [String], _ text: String, _ status: CInt) throws {
        let administration = try Administration()
        let outcome = try administration.run(
            options: ["--quiet", "-u", "admin"] + options,
            ["dynsec", "listClients"]
        )
        #expect(outcome.errors == text)
        #expect(outcome.status == status)
    }

    @Test("a client without the right to administer is told so")
    func withoutPermission() throws {
        let administration = try Administration()
        #expect(try administration.run("dynsec createClient u -p x").status == 0)
        for (version, text) in [
            ("5", "Subscribe error: Not authorized\n"),
            ("311", "Subscribe error: Subscription refused.\n"),
        ] {
            let outcome = try administration.run(
                options: ["--quiet", "-u", "u", "-P", "x", "-V", version],
                ["dynsec", "listClients"]
            )
            #expect(outcome.errors == text)
            #expect(outcome.status == 12)
        }
    }

    @Test("a user without password is asked for it")
    func password() throws {
        let administration = try Administration()
        let port = "\(administration.broker.port)"
        let session = try TerminalProcess(
            .ctrl,
            ["-h", "127.0.0.1", "-p", port, "-u", "admin", "dynsec", "listGroups"]
        )
        try session.expect("Password for admin: ")
        session.enter("pw")
        #expect(try session.wait() == 0)
    }

    @Test("passwords of clients are asked for twice")
    func clientPassword() throws {
        let administration = try Administration()
        let port = "\(administration.broker.port)"
        let session = try TerminalProcess(
            .ctrl,
            [
                "-h", "127.0.0.1", "-p", port, "-u", "admin", "-P", "pw", "dynsec", "createClient",
                "u",
            ]
        )
        try session.expect("Press return for no password (user will be unable to login).")
        try session.expect("New password for u: ")
        session.enter("one")
        try session.expect("Reenter password for u: ")
        session.enter("one")
        #expect(try session.wait() == 0)
        let login = try administration.run(
            options: ["--quiet", "-u", "u", "-P", "one"],
            ["dynsec", "listClients"]
        )
        #expect(login.errors.hasPrefix("Subscribe error"))
    }
}
