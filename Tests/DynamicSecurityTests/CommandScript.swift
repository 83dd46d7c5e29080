// SPDX-License-Identifier: Apache-2.0
// Every command of the interface with the exact answers it must give.

/// A named series of commands that start from nothing.
struct CommandScript: CustomStringConvertible, Sendable {
    let name: String
    let steps: [CommandStep]

    var description: String { name }

    /// All scripts.
    static let all = [
        general, clients, clientErrors, changedClients, groups, groupErrors, roles, rules, lists,
    ]

    /// What a name field is refused with, for commands that look it up.
    private static func nameErrors(
        _ command: String,
        _ field: String,
        _ label: String,
        rest: String = "",
        checksUTF8: Bool = true,
        missing: String? = nil
    ) -> [CommandStep] {
        let rest = rest.isEmpty ? "" : ",\(rest)"
        let invalid = "Invalid/missing \(field)"
        var steps: [CommandStep] = [
            .error(command, String(rest.dropFirst()), invalid),
            .error(command, #""\#(field)":5\#(rest)"#, invalid),
            .error(command, #""\#(field)":null\#(rest)"#, invalid),
            .error(command, #""\#(field)":"nobody"\#(rest)"#, missing ?? "\(label) not found"),
        ]
        if checksUTF8 {
            let text =
                label == "Client" ? "Username not valid UTF-8" : "\(label) name not valid UTF-8"
            steps.append(.error(command, #""\#(field)":"a\uFFFF"\#(rest)"#, text))
            steps.append(.error(command, #""\#(field)":"a\n"\#(rest)"#, text))
        }
        return steps
    }

    private static let general = CommandScript(
        name: "general commands",
        steps: [
            .data(
                "getDetails",
                "",
                #"{"clientCount":0,"groupCount":0,"roleCount":0,"changeIndex":0}"#
            ),
            .data(
                "getDefaultACLAccess",
                "",
                #"{"acls":[{"acltype":"publishClientSend","allow":false},{"acltype":"publishClientReceive","allow":false},{"acltype":"subscribe","allow":false},{"acltype":"unsubscribe","allow":false}]}"#
            ),
            .error("setDefaultACLAccess", "", "Missing/invalid actions array"),
            .error("setDefaultACLAccess", #""acls":{}"#, "Missing/invalid actions array"),
            .ok(
                "setDefaultACLAccess",
                #""acls":[{"acltype":"SUBSCRIBE","allow":true},{"acltype":"publishClientReceive","allow":true},{"acltype":"other","allow":true},{"acltype":"unsubscribe"},5]"#
            ),
            .data(
                "getDefaultACLAccess",
                "",
                #"{"acls":[{"acltype":"publishClientSend","allow":false},{"acltype":"publishClientReceive","allow":true},{"acltype":"subscribe","allow":true},{"acltype":"unsubscribe","allow":false}]}"#
            ),
            .data(
                "getDetails",
                "",
                #"{"clientCount":0,"groupCount":0,"roleCount":0,"changeIndex":1}"#
            ),
            .error("noSuchCommand", "", "Unknown command"),
            CommandStep(
                #""command":"GETdetails","correlationData":"x\"y""#,
                #"{"command":"getDetails","data":{"clientCount":0,"groupCount":0,"roleCount":0,"changeIndex":1},"correlationData":"x\"y"}"#
            ),
            CommandStep(
                #""command":"CREATErole","correlationData":"1""#,
                #"{"command":"CREATErole","error":"Invalid/missing rolename","correlationData":"1"}"#
            ),
            .error("getDetails", #""correlationData":5"#, "Invalid correlationData data type."),
        ]
    )

    private static let prepared: [CommandStep] = [
        .ok("createRole", #""rolename":"r1""#),
        .ok("createRole", #""rolename":"r2""#),
        .ok("createGroup", #""groupname":"g1""#),
        .ok("createGroup", #""groupname":"g2""#),
    ]

    private static let clients = CommandScript(
        name: "clients",
        steps: prepared + [
            .ok("createClient", #""username":"plain""#),
            .ok(
                "createClient",
                #""username":"full","password":"pw","clientid":"the id","textname":"Text","textdescription":"Long text","roles":[{"rolename":"r2"},{"rolename":"r1","priority":0},{"rolename":"r1","priority":9}],"groups":[5,{"groupname":"g2","priority":-3},{"x":1},{"groupname":"g1","priority":200000}]"#
            ),
            .data(
                "getClient",
                #""username":"full""#,
                #"{"client":{"username":"full","clientid":"the id","textname":"Text","textdescription":"Long text","roles":[{"rolename":"r1","priority":0},{"rolename":"r2"}],"groups":[{"groupname":"g1","priority":100000},{"groupname":"g2","priority":-3}]}}"#
            ),
            .data(
                "getClient",
                #""username":"plain""#,
                #"{"client":{"username":"plain","roles":[],"groups":[]}}"#
            ),
            .ok("disableClient", #""username":"full""#),
            .ok("setClientId", #""username":"full","clientid":"""#),
            .ok("removeClientRole", #""username":"full","rolename":"r1""#),
            .ok("removeClientRole", #""username":"full","rolename":"r1""#),
            .ok("removeGroupClient", #""username":"full","groupname":"g1""#),
            .ok("addClientRole", #""username":"full","rolename":"r1","priority":-5000000"#),
            .data(
                "getClient",
                #""username":"full""#,
                #"{"client":{"username":"full","textname":"Text","textdescription":"Long text","disabled":true,"roles":[{"rolename":"r2"},{"rolename":"r1","priority":-5000000}],"groups":[{"groupname":"g2","priority":-3}]}}"#
            ),
            .ok("enableClient", #""username":"full""#),
            .ok("setClientPassword", #""username":"full","password":"other""#),
            .ok("setClientId", #""username":"full","clientid":"x""#),
            .ok("setClientId", #""username":"full""#),
            .ok("deleteClient", #""username":"full""#),
            .error("deleteClient", #""username":"full""#, "Client not found"),
            .data(
                "getGroup",
                #""groupname":"g2""#,
                #"{"group":{"groupname":"g2","clients":[],"roles":[]}}"#
            ),
        ]
    )

    private static let clientErrors = CommandScript(
        name: "refused client commands",
        steps: clientErrorsSteps()
    )

    private static func clientErrorsSteps() -> [CommandStep] {
        var steps = prepared
        steps.append(.ok("createClient", #""username":"u""#))
        steps += refused("createClient", clientErrorsTexts)
        steps += nameErrors("deleteClient", "username", "Client", checksUTF8: false)
        steps += nameErrors("enableClient", "username", "Client")
        steps += nameErrors("disableClient", "username", "Client")
        steps += nameErrors("getClient", "username", "Client")
        steps += nameErrors("modifyClient", "username", "Client")
        steps += nameErrors("setClientPassword", "username", "Client", rest: #""password":"x""#)
        steps += nameErrors("setClientId", "username", "Client", rest: #""clientid":"x""#)
        steps += nameErrors("addClientRole", "username", "Client", rest: #""rolename":"r1""#)
        steps += nameErrors("addClientRole", "rolename", "Role", rest: #""username":"u""#)
        steps += nameErrors("removeClientRole", "username", "Client", rest: #""rolename":"r1""#)
        steps += nameErrors("removeClientRole", "rolename", "Role", rest: #""username":"u""#)
        steps += clientErrorsOthers
        return steps
    }

    private static let clientErrorsTexts: [(String, String)] = [
        ("", "Invalid/missing username"),
        (#""username":5"#, "Invalid/missing username"),
        (#""username":null"#, "Invalid/missing username"),
        (#""username":"""#, "Empty username"),
        (#""username":"\u0001""#, "Username not valid UTF-8"),
        (#""username":"\uFFFF""#, "Username not valid UTF-8"),
        (#""username":"u","password":5"#, "Invalid/missing password"),
        (#""username":"u","password":null"#, "Invalid/missing password"),
        (#""username":"u","clientid":5"#, "Invalid/missing client id"),
        (#""username":"u","clientid":"\uFFFF""#, "Client ID not valid UTF-8"),
        (#""username":"u","textname":5"#, "Invalid/missing textname"),
        (#""username":"u","textdescription":5"#, "Invalid/missing textdescription"),
        (#""username":"u","roles":5"#, "Client already exists"),
        (#""username":"n","roles":5"#, "'roles' not an array or missing/invalid rolename"),
        (#""username":"n","roles":[{}]"#, "'roles' not an array or missing/invalid rolename"),
        (#""username":"n","roles":[{"rolename":"zz"}]"#, "Role not found"),
        (#""username":"n","groups":[{"groupname":"zz"}]"#, "Group not found"),
        (#""username":"n","groups":[{"groupname":"g1"},{"groupname":"g1"}]"#, "Internal error"),
    ]

    private static let clientErrorsOthers: [CommandStep] = [
        .error("setClientPassword", #""username":"u""#, "Invalid/missing password"),
        .error(
            "setClientPassword",
            #""username":"zz","password":"""#,
            "Empty password is not allowed"
        ),
        .error("setClientId", #""username":"u","clientid":5"#, "Invalid/missing client ID"),
        .error("setClientId", #""username":"u","clientid":"\n""#, "Client ID not valid UTF-8"),
        .ok("addClientRole", #""username":"u","rolename":"r1""#),
        .error("addClientRole", #""username":"u","rolename":"r1""#, "Internal error"),
        .error("addClientRole", #""username":"zz","rolename":"zz""#, "Client not found"),
    ]

    private static let changedClients = CommandScript(
        name: "modifyClient",
        steps: prepared + [
            .ok("createClient", #""username":"u","clientid":"c","roles":[{"rolename":"r1"}]"#),
            .error(
                "modifyClient",
                #""username":"u","textname":"no","roles":[{"rolename":"zz"}]"#,
                "Role not found"
            ),
            .error(
                "modifyClient",
                #""username":"u","roles":{}"#,
                "'roles' not an array or missing/invalid rolename"
            ),
            .error(
                "modifyClient",
                #""username":"u","roles":[],"groups":[{"groupname":"zz"}]"#,
                "'groups' contains an object with a 'groupname' that does not exist"
            ),
            .error(
                "modifyClient",
                #""username":"u","roles":[],"groups":[5]"#,
                "'groups' contains an object with an invalid 'groupname'"
            ),
            .data(
                "getClient",
                #""username":"u""#,
                #"{"client":{"username":"u","clientid":"c","roles":[{"rolename":"r1"}],"groups":[]}}"#
            ),
            .ok(
                "modifyClient",
                #""username":"u","clientid":5,"textname":"t","textdescription":"d","password":"","roles":[{"rolename":"r2","priority":1}],"groups":[{"groupname":"g1"}]"#
            ),
            .data(
                "getClient",
                #""username":"u""#,
                #"{"client":{"username":"u","clientid":"c","textname":"t","textdescription":"d","roles":[{"rolename":"r2","priority":1}],"groups":[{"groupname":"g1"}]}}"#
            ),
            .ok("modifyClient", #""username":"u","clientid":"","roles":[],"groups":[]"#),
            .data(
                "getClient",
                #""username":"u""#,
                #"{"client":{"username":"u","textname":"t","textdescription":"d","roles":[],"groups":[]}}"#
            ),
        ]
    )

    private static let groups = CommandScript(
        name: "groups",
        steps: [
            .ok("createRole", #""rolename":"r1""#),
            .ok("createClient", #""username":"b""#),
            .ok("createClient", #""username":"a""#),
            .ok(
                "createGroup",
                #""groupname":"g","textname":"t","textdescription":"d","roles":[{"rolename":"r1","priority":7}]"#
            ),
            .ok("addGroupClient", #""groupname":"g","username":"b","priority":5"#),
            .ok("addGroupClient", #""groupname":"g","username":"a","priority":-200000"#),
            .data(
                "getGroup",
                #""groupname":"g""#,
                #"{"group":{"groupname":"g","textname":"t","textdescription":"d","clients":[{"username":"a"},{"username":"b"}],"roles":[{"rolename":"r1","priority":7}]}}"#
            ),
            .data(
                "getClient",
                #""username":"a""#,
                #"{"client":{"username":"a","roles":[],"groups":[{"groupname":"g","priority":-100000}]}}"#
            ),
            .ok(
                "modifyGroup",
                #""groupname":"g","textname":"T","roles":[],"clients":[{"username":"b","priority":1}]"#
            ),
            .data(
                "getGroup",
                #""groupname":"g""#,
                #"{"group":{"groupname":"g","textname":"T","textdescription":"d","clients":[{"username":"b"}],"roles":[]}}"#
            ),
            .ok("addGroupRole", #""groupname":"g","rolename":"r1","priority":3"#),
            .ok("removeGroupRole", #""groupname":"g","rolename":"r1""#),
            .ok("removeGroupRole", #""groupname":"g","rolename":"r1""#),
            .data("getAnonymousGroup", "", #"{"group":{"groupname":""}}"#),
            .ok("setAnonymousGroup", #""groupname":"g""#),
            .data("getAnonymousGroup", "", #"{"group":{"groupname":"g"}}"#),
            .error("deleteGroup", #""groupname":"g""#, "Deleting the anonymous group is forbidden"),
            .ok("createGroup", #""groupname":"h""#),
            .ok("addGroupClient", #""groupname":"h","username":"b""#),
            .ok("deleteGroup", #""groupname":"h""#),
            .data(
                "getClient",
                #""username":"b""#,
                #"{"client":{"username":"b","roles":[],"groups":[{"groupname":"g","priority":1}]}}"#
            ),
        ]
    )

    private static let groupErrors = CommandScript(
        name: "refused group commands",
        steps: groupErrorsSteps()
    )

    private static func groupErrorsSteps() -> [CommandStep] {
        var steps = prepared
        steps.append(.ok("createClient", #""username":"u""#))
        steps += refused("createGroup", groupErrorsTexts)
        steps += nameErrors("deleteGroup", "groupname", "Group")
        steps += nameErrors("getGroup", "groupname", "Group")
        steps += nameErrors("modifyGroup", "groupname", "Group")
        steps += nameErrors("setAnonymousGroup", "groupname", "Group")
        steps += nameErrors("addGroupClient", "username", "Client", rest: #""groupname":"g1""#)
        steps += nameErrors("addGroupClient", "groupname", "Group", rest: #""username":"u""#)
        steps += nameErrors("removeGroupClient", "username", "Client", rest: #""groupname":"g1""#)
        steps += nameErrors("removeGroupClient", "groupname", "Group", rest: #""username":"u""#)
        steps += nameErrors("addGroupRole", "groupname", "Group", rest: #""rolename":"r1""#)
        steps += nameErrors("addGroupRole", "rolename", "Role", rest: #""groupname":"g1""#)
        steps += nameErrors("removeGroupRole", "groupname", "Group", rest: #""rolename":"r1""#)
        steps += nameErrors("removeGroupRole", "rolename", "Role", rest: #""groupname":"g1""#)
        steps += groupErrorsOthers
        return steps
    }

    private static let groupErrorsTexts: [(String, String)] = [
        ("", "Invalid/missing groupname"),
        (#""groupname":5"#, "Invalid/missing groupname"),
        (#""groupname":"""#, "Empty groupname"),
        (#""groupname":"\uFFFF""#, "Group name not valid UTF-8"),
        (#""groupname":"g1","textname":5"#, "Invalid/missing textname"),
        (#""groupname":"g1","textdescription":5"#, "Invalid/missing textdescription"),
        (#""groupname":"g1""#, "Group already exists"),
        (#""groupname":"n","roles":[{"rolename":"zz"}]"#, "Role not found"),
        (#""groupname":"n","roles":5"#, "Internal error"),
    ]

    private static let groupErrorsOthers: [CommandStep] = [
        .error("modifyGroup", #""groupname":"g1","roles":[{"rolename":"zz"}]"#, "Role not found"),
        .error(
            "modifyGroup",
            #""groupname":"g1","roles":5"#,
            "'roles' not an array or missing/invalid rolename"
        ),
        .error(
            "modifyGroup",
            #""groupname":"g1","clients":[{"username":"zz"}]"#,
            "'clients' contains an object with a 'username' that does not exist"
        ),
        .error(
            "modifyGroup",
            #""groupname":"g1","clients":[5]"#,
            "'clients' contains an object with an invalid 'username'"
        ),
        .ok("addGroupClient", #""groupname":"g1","username":"u""#),
        .error(
            "addGroupClient",
            #""groupname":"g1","username":"u""#,
            "Client is already in this group"
        ),
        .ok("addGroupRole", #""groupname":"g1","rolename":"r1""#),
        .error(
            "addGroupRole",
            #""groupname":"g1","rolename":"r1""#,
            "Group is already in this role"
        ),
    ]

    private static let roles = CommandScript(
        name: "roles",
        steps: [
            .ok(
                "createRole",
                ##""rolename":"r","textname":"t","textdescription":"d","allowwildcardsubs":false,"acls":[{"acltype":"unsubscribePattern","topic":"#","allow":true},{"acltype":"PublishClientSend","topic":"a","priority":1.9},{"acltype":"publishClientSend","topic":"b","priority":300000},{"acltype":"publishClientSend","topic":"c","priority":1},{"acltype":"publishClientSend","topic":"a"},{"acltype":"publishClientSend","topic":""},{"acltype":"nothing","topic":"x"},{"acltype":"subscribeLiteral"},5,{"acltype":"subscribeLiteral","topic":"+x"}]"##
            ),
            .data(
                "getRole",
                #""rolename":"r""#,
                ##"{"role":{"rolename":"r","textname":"t","textdescription":"d","allowwildcardsubs":false,"acls":[{"acltype":"publishClientSend","topic":"b","priority":100000,"allow":false},{"acltype":"publishClientSend","topic":"a","priority":1,"allow":false},{"acltype":"publishClientSend","topic":"c","priority":1,"allow":false},{"acltype":"subscribeLiteral","topic":"+x","priority":0,"allow":false},{"acltype":"unsubscribePattern","topic":"#","priority":0,"allow":true}]}}"##
            ),
            .ok("modifyRole", #""rolename":"r","textname":"T","allowwildcardsubs":5,"acls":5"#),
            .ok(
                "modifyRole",
                #""rolename":"r","textdescription":"D","allowwildcardsubs":true,"acls":[]"#
            ),
            .data(
                "getRole",
                #""rolename":"r""#,
                #"{"role":{"rolename":"r","textname":"T","textdescription":"D","allowwildcardsubs":true,"acls":[]}}"#
            ),
            .error("createRole", "", "Invalid/missing rolename"),
            .error("createRole", #""rolename":null"#, "Invalid/missing rolename"),
            .error("createRole", #""rolename":"""#, "Empty rolename"),
            .error("createRole", #""rolename":"\uFFFF""#, "Role name not valid UTF-8"),
            .error("createRole", #""rolename":"r","textname":5"#, "Invalid/missing textname"),
            .error(
                "createRole",
                #""rolename":"r","textdescription":5"#,
                "Invalid/missing textdescription"
            ),
            .error(
                "createRole",
                #""rolename":"r","allowwildcardsubs":5"#,
                "Invalid allowwildcardsubs"
            ),
            .error("createRole", #""rolename":"r""#, "Role already exists"),
            .ok("createClient", #""username":"u","roles":[{"rolename":"r"}]"#),
            .ok("createGroup", #""groupname":"g","roles":[{"rolename":"r"}]"#),
            .ok("deleteRole", #""rolename":"r""#),
            .data(
                "getClient",
                #""username":"u""#,
                #"{"client":{"username":"u","roles":[],"groups":[]}}"#
            ),
            .data(
                "getGroup",
                #""groupname":"g""#,
                #"{"group":{"groupname":"g","clients":[],"roles":[]}}"#
            ),
        ] + nameErrors("deleteRole", "rolename", "Role") + nameErrors("getRole", "rolename", "Role")
            + nameErrors("modifyRole", "rolename", "Role", missing: "Role does not exist")
    )

    private static let rules = CommandScript(
        name: "rules of a role",
        steps: changedRules + ruleErrors("addRoleACL") + ruleErrors("removeRoleACL")
    )

    private static let changedRules: [CommandStep] = [
        .ok("createRole", #""rolename":"r""#),
        .ok(
            "addRoleACL",
            #""rolename":"r","acltype":"SUBSCRIBEliteral","topic":"a/+","priority":-200000,"allow":true"#
        ),
        .ok("addRoleACL", ##""rolename":"r","acltype":"subscribePattern","topic":"a/%u/#""##),
        .ok(
            "addRoleACL",
            #""rolename":"r","acltype":"subscribeLiteral","topic":"a/b","priority":5"#
        ),
        .error(
            "addRoleACL",
            #""rolename":"r","acltype":"subscribeLiteral","topic":"a/+""#,
            "ACL with this topic already exists"
        ),
        .data(
            "getRole",
            #""rolename":"r""#,
            ##"{"role":{"rolename":"r","allowwildcardsubs":true,"acls":[{"acltype":"subscribeLiteral","topic":"a/b","priority":5,"allow":false},{"acltype":"subscribeLiteral","topic":"a/+","priority":-100000,"allow":true},{"acltype":"subscribePattern","topic":"a/%u/#","priority":0,"allow":false}]}}"##
        ),
        .ok("removeRoleACL", #""rolename":"r","acltype":"subscribeLiteral","topic":"a/b""#),
        .error(
            "removeRoleACL",
            #""rolename":"r","acltype":"subscribeLiteral","topic":"a/b""#,
            "ACL not found"
        ),
    ]

    private static func ruleErrors(_ command: String) -> [CommandStep] {
        let texts: [(String, String)] = [
            (#""topic":"a""#, "Invalid/missing acltype"),
            (#""acltype":5,"topic":"a""#, "Invalid/missing acltype"),
            (#""acltype":"subscribe","topic":"a""#, "Unknown acltype"),
            (#""acltype":"subscribeLiteral""#, "Invalid/missing topic"),
            (#""acltype":"subscribeLiteral","topic":5"#, "Invalid/missing topic"),
            (#""acltype":"subscribeLiteral","topic":"\uFFFF""#, "Topic not valid UTF-8"),
            (##""acltype":"subscribeLiteral","topic":"a#""##, "Invalid ACL topic"),
            (#""acltype":"subscribeLiteral","topic":"a/+b""#, "Invalid ACL topic"),
            (#""acltype":"subscribeLiteral","topic":"""#, "Invalid ACL topic"),
        ]
        return nameErrors(
            command,
            "rolename",
            "Role",
            rest: #""acltype":"subscribeLiteral","topic":"a""#
        )
            + refused(command, texts.map { (#""rolename":"r","# + $0.0, $0.1) })
    }

    /// Requests of one command with the texts that refuse them.
    private static func refused(_ command: String, _ texts: [(String, String)]) -> [CommandStep] {
        texts.map { .error(command, $0.0, $0.1) }
    }

    private static let lists = CommandScript(
        name: "lists and pages",
        steps: [
            .ok("createRole", #""rolename":"B""#),
            .ok("createRole", #""rolename":"a""#),
            .ok("createRole", #""rolename":"C""#),
            .data("listRoles", "", #"{"totalCount":3,"roles":["B","C","a"]}"#),
            .data("listRoles", #""count":0"#, #"{"totalCount":3,"roles":["B"]}"#),
            .data("listRoles", #""count":1"#, #"{"totalCount":3,"roles":["B"]}"#),
            .data("listRoles", #""count":2,"offset":1"#, #"{"totalCount":3,"roles":["C","a"]}"#),
            .data("listRoles", #""count":"2""#, #"{"totalCount":3,"roles":["B","C","a"]}"#),
            .data(
                "listRoles",
                #""count":-7,"offset":-3"#,
                #"{"totalCount":3,"roles":["B","C","a"]}"#
            ),
            .data("listRoles", #""offset":9"#, #"{"totalCount":3,"roles":[]}"#),
            .data(
                "listRoles",
                #""verbose":true,"count":1"#,
                #"{"totalCount":3,"roles":[{"rolename":"B","allowwildcardsubs":true,"acls":[]}]}"#
            ),
            .ok("createGroup", #""groupname":"g""#),
            .data("listGroups", "", #"{"totalCount":1,"groups":["g"]}"#),
            .data(
                "listGroups",
                #""verbose":true"#,
                #"{"totalCount":1,"groups":[{"groupname":"g","clients":[],"roles":[]}]}"#
            ),
            .ok("createClient", #""username":"u""#),
            .data("listClients", #""verbose":false"#, #"{"totalCount":1,"clients":["u"]}"#),
            .data(
                "listClients",
                #""verbose":true"#,
                #"{"totalCount":1,"clients":[{"username":"u","roles":[],"groups":[]}]}"#
            ),
        ]
    )
}
