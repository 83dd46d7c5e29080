// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl: the shapes of its output.

import JSON
import Testing

@testable import mosquitto_ctrl

@Suite("mosquitto_ctrl output")
struct CtrlOutputTests {
    private func data(_ text: String) throws -> JSONValue {
        try #require(JSONValue(parsing: Array(text.utf8)))
    }

    private static let client = """
        {"client":{"username":"cc","clientid":"cid","textname":"T","disabled":true,
        "roles":[{"rolename":"client","priority":5},{"rolename":"r2"}],
        "groups":[{"groupname":"unauthenticated"}],"connections":[{"address":"127.0.0.1"}]}}
        """
    private static let role = """
        {"role":{"rolename":"r","textname":"T","allowwildcardsubs":true,"acls":[
        {"acltype":"publishClientSend","topic":"a","priority":1,"allow":true},
        {"acltype":"subscribePattern","topic":"b/#","priority":0,"allow":false}]}}
        """

    private static let commandLineCases: [(String, String, [String])] = [
        (
            "getClient", client,
            [
                "Username:    cc", "Clientid:    cid", "Disabled:    true",
                "Roles:       client (priority: 5)", "             r2 (priority: -1)",
                "Groups:      unauthenticated (priority: -1)", "Connections: 127.0.0.1",
            ]
        ),
        (
            "getClient", #"{"client":{"username":"u","roles":[],"groups":[]}}"#,
            ["Username:    u", "Clientid:", "Connections:"]
        ),
        (
            "getGroup",
            #"{"group":{"groupname":"g","roles":[{"rolename":"r","priority":2}],"#
                + #""clients":[{"username":"u"},{"username":"v"}]}}"#,
            ["Groupname: g", "Roles:     r (priority: 2)", "Clients:   u", "           v"]
        ),
        (
            "getRole", role,
            [
                "Rolename: r", "ACLs:     publishClientSend    : allow : a (priority: 1)",
                "          subscribePattern     : deny  : b/# (priority: 0)",
            ]
        ),
        ("listClients", #"{"totalCount":2,"clients":["a","b"]}"#, ["a", "b"]),
        ("listGroups", #"{"groups":[{"groupname":"g"}]}"#, ["g"]),
        ("listRoles", #"{"roles":[]}"#, []),
        ("getAnonymousGroup", #"{"group":{"groupname":""}}"#, [""]),
        (
            "getDefaultACLAccess",
            #"{"acls":[{"acltype":"subscribe","allow":true},{"acltype":"publishClientSend","#
                + #""allow":false}]}"#,
            ["subscribe            : allow", "publishClientSend    : deny"]
        ),
    ]

    @Test("the command line prints these lines", arguments: commandLineCases)
    func commandLine(_ command: String, _ text: String, _ lines: [String]) throws {
        #expect(ResponsePrinter.lines(command, try data(text)) == lines)
    }

    private static let brokerCases: [(String, String, [String])] = [
        (
            "listPlugins",
            #"{"plugins":[{"name":"dynamic-security","version":"1.2","#
                + #""control-endpoints":["$CONTROL/a","$CONTROL/b"]},{"name":"x"}]}"#,
            [
                "Plugin:            dynamic-security", "Version:           1.2",
                "Control endpoints: $CONTROL/a", "                   $CONTROL/b",
                "Plugin:            x",
            ]
        ),
        (
            "listPlugins",
            #"{"plugins":[{"name":"p","process":{"state":"waiting","restarts":3,"pending":0,"#
                + #""last-end":"ended","next-start":"2026-11-30T17:10:03Z"}}]}"#,
            [
                "Plugin:            p", "Process:           waiting", "Restarts:          3",
                "Waiting questions: 0", "Last end:          ended",
                "Next start:        2026-11-30T17:10:03Z",
            ]
        ),
        (
            "listListeners",
            #"{"listeners":[{"port":1883,"protocol":"mqtt","tls":false,"bind-address":"::1"},"#
                + #"{"port":0,"protocol":"mqtt","socket-path":"/s","tls":true}]}"#,
            [
                "Listener 1:", "  Port:              1883", "  Protocol:          mqtt",
                "  Bind address:      ::1", "  TLS:               false", "", "Listener 2:",
                "  Port:              0", "  Protocol:          mqtt", "  Socket path:       /s",
                "  TLS:               true", "",
            ]
        ),
    ]

    @Test("the command line prints these lines of the broker", arguments: brokerCases)
    func broker(_ command: String, _ text: String, _ lines: [String]) throws {
        #expect(BrokerPrinter.lines(command, try data(text)) == lines)
    }

    private static let shellCases: [(String, String, [String])] = [
        (
            "getClient", client,
            [
                "Username:", "  cc", "Clientid:", "  cid", "Disabled:", "  true", "Text name:",
                "  T",
                "Roles:", "  client (priority: 5)", "  r2 (priority: -1)", "Groups:",
                "  unauthenticated (priority: -1)",
            ]
        ),
        (
            "getGroup",
            #"{"group":{"groupname":"g","textdescription":"D","roles":[],"clients":[{"username":"u"}]}}"#,
            ["Group name:", "  g", "Text description:", "  D", "Clients:", "  u"]
        ),
        (
            "getRole", role,
            [
                "Role name:", "  r", "Text name:", "  T", "Allow wildcard subscriptions:", "  true",
                "ACLs:", "  publishClientSend    allow a (priority 1)",
                "  subscribePattern     deny b/# (priority 0)",
            ]
        ),
        (
            "getDetails", #"{"clientCount":3,"groupCount":1,"roleCount":8,"changeIndex":42}"#,
            ["Client count: 3", "Group count:  1", "Role count:   8", "Change index: 42"]
        ),
        (
            "getDefaultACLAccess", #"{"acls":[{"acltype":"subscribe","allow":true}]}"#,
            ["subscribe            allow"]
        ),
        ("listClients", #"{"clients":["a","b"]}"#, ["a", "b"]),
        ("getAnonymousGroup", #"{"group":{"groupname":"g"}}"#, ["g"]),
    ]

    private static let brokerShellCases: [(String, String, [String])] = [
        (
            "listPlugins", #"{"plugins":[{"name":"p","control-endpoints":["e"]}]}"#,
            ["Plugin:", "  p", "Control endpoints:", "  e", ""]
        ),
        (
            "listListeners", #"{"listeners":[{"port":1,"protocol":"mqtt","tls":false}]}"#,
            [
                "Listener:", "  Port:", "    1", "  Protocol:", "    mqtt", "  TLS:", "    false",
                "",
            ]
        ),
    ]

    @Test("the shell shows these lines of the broker", arguments: brokerShellCases)
    func brokerShell(_ command: String, _ text: String, _ lines: [String]) throws {
        let printer = ShellPrinter(style: ShellStyle(isColoured: false))
        #expect(printer.brokerLines(command, try data(text)) == lines)
    }

    @Test("both show of a bridge what is known")
    func bridges() throws {
        let text = #"{"bridges":[{"name":"up","state":"waiting","last-error":"refused"}]}"#
        let lines = [
            "Bridge up:", "  State:             waiting", "  Last error:        refused", "",
        ]
        #expect(BrokerPrinter.lines("listBridges", try data(text)) == lines)
        let printer = ShellPrinter(style: ShellStyle(isColoured: false))
        #expect(printer.brokerLines("listBridges", try data(text)) == lines)
    }

    @Test("the shell shows these lines", arguments: shellCases)
    func shell(_ command: String, _ text: String, _ lines: [String]) throws {
        let printer = ShellPrinter(style: ShellStyle(isColoured: false))
        #expect(printer.lines(command, try data(text)) == lines)
    }

    @Test("data of an unexpected shape is noticed", arguments: ["{}", "[]", #"{"client":3}"#])
    func shape(_ text: String) throws {
        #expect(ResponsePrinter.lines("getClient", try data(text)) == nil)
    }

    @Test("the answer's envelope decides which error it is")
    func envelope() throws {
        func parse(_ text: String) throws(RequestError) -> JSONValue {
            try Session.response(in: Array(text.utf8))
        }
        #expect(throws: RequestError.notJSON) { try parse("nonsense") }
        #expect(throws: RequestError.noResponses) { try parse("{}") }
        #expect(throws: RequestError.invalidResponse) { try parse(#"{"responses":[]}"#) }
        #expect(throws: RequestError.invalidResponse) { try parse(#"{"responses":[{}]}"#) }
        #expect(throws: RequestError.endpointMissing) {
            try parse(#"{"error": "endpoint not available"}"#)
        }
        #expect(try parse(#"{"responses":[{"command":"x"}]}"#)["command"]?.text == "x")
    }

    @Test("JSON keeps the order of its keys, through change and printing")
    func json() throws {
        var value = try data(#"{"b":1,"a":[true,null,"é\n"],"c":{"x":0.5}}"#)
        value["a"] = nil
        value["B"] = "new"
        value["z"] = false
        #expect(value.compactText == #"{"B":"new","c":{"x":0.5},"z":false}"#)
    }
}
