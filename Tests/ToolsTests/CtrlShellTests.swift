// SPDX-License-Identifier: Apache-2.0
// The interactive shell of mosquitto_ctrl, on a terminal, at Debian's broker.

import Glibc
import TestSupport
import Testing

@Suite("mosquitto_ctrl shell")
struct CtrlShellTests {
    private let broker: Broker
    private var address: String { "mqtt://127.0.0.1:\(broker.port)" }

    init() throws { broker = try Broker.debianWithDynamicSecurity() }

    private func start(_ arguments: [String] = []) throws -> TerminalProcess {
        try TerminalProcess(.ctrl, arguments, environment: ["NO_COLOR": "1"])
    }

    private func startConnected() throws -> TerminalProcess {
        let shell = try start([
            "-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "admin", "-P", "pw",
        ])
        try shell.expect("mosquitto_ctrl shell v")
        try shell.expect("\(address)> ")
        return shell
    }

    private func startInDynsec() throws -> TerminalProcess {
        let shell = try startConnected()
        shell.enter("dynsec")
        try shell.expect("|dynsec> ")
        return shell
    }

    /// Enters a line and returns what is shown until the next prompt.
    ///
    /// libedit shows its prompt before it takes over the terminal; a line typed in between is echoed
    /// by the terminal as well.
    private func answer(_ shell: TerminalProcess, _ line: String) throws -> String {
        shell.enter(line)
        try shell.expect("\r\n")
        let shown = try shell.expect("> ")
        return shown.split(separator: "\r\n").dropLast().filter { $0 != line }
            .joined(separator: "\n")
    }

    @Test("states, their commands and their prompts")
    func states() throws {
        let shell = try start()
        try shell.expect("> ")
        let unconnected = try answer(shell, "help")
        for command in ["help", "auth", "connect", "exit"] {
            #expect(unconnected.contains("\(command)  "))
        }
        #expect(!unconnected.contains("dynsec"))
        #expect(try answer(shell, "dynsec") == "Unknown command 'dynsec'")
        shell.enter("auth admin")
        try shell.expect("password: ")
        shell.enter("pw")
        try shell.expect("> ")
        shell.enter("connect 127.0.0.1:\(broker.port)")
        try shell.expect("\(address)> ")
        shell.enter("DynSec")
        try shell.expect("\(address)|dynsec> ")
        shell.enter("return")
        try shell.expect("\r\n\(address)> ")
        shell.enter("disconnect")
        try shell.expect("\r\n> ")
        shell.enter("exit")
        #expect(try shell.wait() == 0)
    }

    @Test("a connection that fails is explained")
    func failedConnection() throws {
        let shell = try start()
        try shell.expect("> ")
        #expect(
            try answer(shell, "connect mqtt://127.0.0.1:1")
                == "Unable to connect: Connection refused"
        )
        #expect(try answer(shell, "connect mqtt://") == "Unable to connect: Invalid URL.")
        #expect(
            try answer(shell, "connect 127.0.0.1:1") == "Unable to connect: Connection refused"
        )
        #expect(try answer(shell, "connect \(address)") == "Unable to connect: Not authorized")
    }

    @Test("requests are answered with OK, data or the broker's error")
    func requests() throws {
        let shell = try startInDynsec()
        #expect(try answer(shell, "createRole r1") == "OK")
        #expect(try answer(shell, "createRole r1") == "Role already exists")
        #expect(try answer(shell, "addRoleACL r1 subscribeLiteral allow 3 my topic") == "OK")
        let role = try answer(shell, "getRole r1")
        #expect(
            role == "Role name:\n  r1\nACLs:\n  subscribeLiteral     allow my topic (priority 3)"
        )
        #expect(try answer(shell, "createClient u x") == "OK")
        #expect(try answer(shell, "listClients") == "admin\nu")
        #expect(try answer(shell, "modifyClient u textName The user") == "OK")
        #expect(try answer(shell, "getClient u") == "Username:\n  u\nText name:\n  The user")
        #expect(try answer(shell, "getGroup") == "getGroup <groupname>")
        #expect(try answer(shell, "help getGroup") == "getGroup <groupname>\nShow a group.")
        #expect(try answer(shell, "help nonsense") == "Unknown command 'nonsense'")
        #expect(try answer(shell, "init f a p") == "Unknown command 'init'")
    }

    @Test("a new client's password is asked for twice and not shown")
    func password() throws {
        let shell = try startInDynsec()
        shell.enter("createClient u")
        try shell.expect("password: ")
        #expect(shell.lineModes == (true, false))
        shell.enter("s3cret")
        try shell.expect("password again: ")
        shell.enter("other")
        #expect(try !shell.expect("Passwords do not match.").contains("s3cret"))
        try shell.expect("> ")
        shell.enter("createClient u")
        try shell.expect("password: ")
        shell.enter("")
        try shell.expect("No password.")
        try shell.expect("OK")
    }

    @Test("Tab completes commands in any case, then the names the broker knows")
    func completion() throws {
        let shell = try startInDynsec()
        #expect(try answer(shell, "createGroup Gr\u{FC}n") == "OK")
        // libedit repaints only what has changed, so the completed word itself may not show.
        shell.type("GETGR\tGr\t")
        shell.enter("")
        try shell.expect("Group name:\r\n  Gr\u{FC}n\r\n")
        try shell.expect("> ")
        shell.type("list\t\t")
        let offered = try shell.expect("listRoles")
        #expect(offered.contains("listClients"))
        #expect(offered.contains("listGroups"))
    }

    @Test("the last lines can be called back")
    func history() throws {
        let shell = try startInDynsec()
        #expect(try answer(shell, "createGroup g") == "OK")
        #expect(try answer(shell, "listGroups") == "g")
        shell.enter("\u{1B}[A\u{1B}[A")
        try shell.expect("Group already exists")
    }

    @Test("Ctrl-D and Ctrl-C leave the shell", arguments: ["\u{4}", "\u{3}", "half a line\u{3}"])
    func leaving(_ keys: String) throws {
        let shell = try startConnected()
        shell.type(keys)
        #expect(try shell.wait() == 0)
        #expect(shell.lineModes == (true, true))
    }

    @Test("a connection lost meanwhile is noticed")
    func lostConnection() throws {
        let shell = try startInDynsec()
        broker.process.signal(SIGKILL)
        shell.enter("listClients")
        try shell.expect("Connection lost: ")
        try shell.expect("\r\n> ")
        shell.enter("exit")
        #expect(try shell.wait() == 0)
    }

    @Test("without the right to administer, the module cannot be entered")
    func withoutPermission() throws {
        let made = try ToolProgram.ctrl.run([
            "-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "admin", "-P", "pw", "dynsec",
            "createClient", "u", "-p", "x",
        ])
        #expect(made.status == 0)
        let shell = try start(["-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "u", "-P", "x"])
        try shell.expect("\(address)> ")
        shell.enter("dynsec")
        try shell.expect("Subscribe failed, check you have permission to access this module.")
        try shell.expect("\(address)> ")
    }

    @Test("a module that the broker does not have is told of at once")
    func missingModule() throws {
        let own = try Broker(
            "enable_control_api true\nallow_anonymous true\nlistener %PORT% 127.0.0.1\n",
            workers: 1
        )
        let shell = try start(["-h", "127.0.0.1", "-p", "\(own.port)"])
        try shell.expect(":\(own.port)> ")
        let missing = "$CONTROL endpoint for this module not available."
        #expect(
            try answer(shell, "dynsec")
                == missing + "\nCheck the dynsec module is configured on the broker."
        )
        shell.enter("return")
        try shell.expect(":\(own.port)> ")
        #expect(try answer(shell, "broker").isEmpty)
        try own.stop()
    }

    @Test("lines may come from a file as well")
    func script() throws {
        let folder = try TemporaryFolder()
        try folder.write("lines", "connect \(address)\ndynsec\nlistClients\n")
        let outcome = try ChildProcess.run(
            "/bin/sh",
            ["-c", "\(ToolProgram.ctrl.path) -u admin -P pw < \(folder.file("lines"))"]
        )
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\nadmin\n"))
    }
}
