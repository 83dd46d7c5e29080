// SPDX-License-Identifier: Apache-2.0
// The commands of the dynamic security module.

extension CommandRule {
    /// The kinds of access a role can grant.
    static let accessTypes = [
        "publishClientSend", "publishClientReceive", "subscribeLiteral", "subscribePattern",
        "unsubscribeLiteral", "unsubscribePattern",
    ]

    /// The kinds of access that have a default.
    static let defaultAccessTypes = [
        "publishClientSend", "publishClientReceive", "subscribe", "unsubscribe",
    ]

    static let dynsec: [CommandRule] = general + clients + groups + roles

    private static let general: [CommandRule] = [
        CommandRule(
            "init",
            "Initialisation",
            "<new-config-file> <admin-username> [admin-password]",
            "Create a configuration file with an administrator.",
            .local,
            in: .commandLine
        ),
        CommandRule(
            "getDefaultACLAccess",
            "General",
            "",
            "Show what is allowed where no role decides.",
            .names([])
        ),
        CommandRule(
            "setDefaultACLAccess",
            "General",
            "<acltype> allow|deny",
            "Set what is allowed where no role decides.",
            .special
        ),
        CommandRule(
            "getAnonymousGroup",
            "General",
            "",
            "Show the group of clients without a name.",
            .names([])
        ),
        CommandRule(
            "setAnonymousGroup",
            "General",
            "<groupname>",
            "Set the group of clients without a name.",
            .names(["groupname"])
        ),
        CommandRule(
            "getDetails",
            "General",
            "",
            "Show how many clients, groups and roles there are.",
            .names([]),
            in: .shell
        ),
    ]

    private static let clients: [CommandRule] = [
        CommandRule(
            "createClient",
            "Clients",
            "<username> [-c clientid] [-p password]",
            shell: "<username> [password [clientid]]",
            "Create a client.",
            .special
        ),
        CommandRule(
            "deleteClient",
            "Clients",
            "<username>",
            "Delete a client.",
            .names(["username"])
        ),
        CommandRule(
            "setClientPassword",
            "Clients",
            "<username> [password]",
            "Set a client's password.",
            .special
        ),
        CommandRule(
            "setClientId",
            "Clients",
            "<username> [clientid]",
            "Bind a client to a client id, or free it of one.",
            .names(["username"], optional: "clientid")
        ),
        CommandRule(
            "modifyClient",
            "Clients",
            "",
            shell: "<username> textName|textDescription <value>",
            "Change a client's texts.",
            .special,
            in: .shell
        ),
        CommandRule(
            "addClientRole",
            "Clients",
            "<username> <rolename> [priority]",
            shell: "<username> <rolename>",
            "Give a role to a client.",
            .prioritised(["username", "rolename"])
        ),
        CommandRule(
            "removeClientRole",
            "Clients",
            "<username> <rolename>",
            "Take a role from a client.",
            .prioritised(["username", "rolename"])
        ),
        CommandRule(
            "getClient",
            "Clients",
            "<username>",
            "Show a client.",
            .names(["username"])
        ),
        CommandRule("listClients", "Clients", "[count [offset]]", "List the clients.", .paging),
        CommandRule(
            "enableClient",
            "Clients",
            "<username>",
            "Let a client connect again.",
            .names(["username"])
        ),
        CommandRule(
            "disableClient",
            "Clients",
            "<username>",
            "Disconnect a client and keep it out.",
            .names(["username"])
        ),
    ]

    private static let groups: [CommandRule] = [
        CommandRule(
            "createGroup",
            "Groups",
            "<groupname>",
            "Create a group.",
            .names(["groupname"])
        ),
        CommandRule(
            "deleteGroup",
            "Groups",
            "<groupname>",
            "Delete a group.",
            .names(["groupname"])
        ),
        CommandRule(
            "modifyGroup",
            "Groups",
            "",
            shell: "<groupname> textName|textDescription <value>",
            "Change a group's texts.",
            .special,
            in: .shell
        ),
        CommandRule(
            "addGroupRole",
            "Groups",
            "<groupname> <rolename> [priority]",
            shell: "<groupname> <rolename>",
            "Give a role to a group.",
            .prioritised(["groupname", "rolename"])
        ),
        CommandRule(
            "removeGroupRole",
            "Groups",
            "<groupname> <rolename>",
            "Take a role from a group.",
            .prioritised(["groupname", "rolename"])
        ),
        CommandRule(
            "addGroupClient",
            "Groups",
            "<groupname> <username> [priority]",
            shell: "<groupname> <username>",
            "Put a client into a group.",
            .prioritised(["groupname", "username"])
        ),
        CommandRule(
            "removeGroupClient",
            "Groups",
            "<groupname> <username>",
            "Take a client out of a group.",
            .prioritised(["groupname", "username"])
        ),
        CommandRule("getGroup", "Groups", "<groupname>", "Show a group.", .names(["groupname"])),
        CommandRule("listGroups", "Groups", "[count [offset]]", "List the groups.", .paging),
    ]

    private static let roles: [CommandRule] = [
        CommandRule("createRole", "Roles", "<rolename>", "Create a role.", .names(["rolename"])),
        CommandRule("deleteRole", "Roles", "<rolename>", "Delete a role.", .names(["rolename"])),
        CommandRule(
            "modifyRole",
            "Roles",
            "",
            shell: "<rolename> allowWildcardSubs true|false\n"
                + "modifyRole <rolename> textName|textDescription <value>",
            "Change a role's texts, or whether it allows wildcards in subscriptions.",
            .special,
            in: .shell
        ),
        CommandRule(
            "addRoleACL",
            "Roles",
            "<rolename> <acltype> <topicFilter> allow|deny [priority]",
            shell: "<rolename> <acltype> allow|deny [priority] <topicFilter>",
            "Add a rule to a role.",
            .special
        ),
        CommandRule(
            "removeRoleACL",
            "Roles",
            "<rolename> <acltype> <topicFilter>",
            "Take a rule out of a role.",
            .special
        ),
        CommandRule("getRole", "Roles", "<rolename>", "Show a role.", .names(["rolename"])),
        CommandRule("listRoles", "Roles", "[count [offset]]", "List the roles.", .paging),
    ]
}
