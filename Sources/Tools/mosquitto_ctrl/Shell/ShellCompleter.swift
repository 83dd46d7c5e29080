// SPDX-License-Identifier: Apache-2.0
// What the Tab key offers in the shell.

/// The names the broker knows, as last seen.
struct KnownNames: Equatable {
    var clients: [String] = []
    var groups: [String] = []
    var roles: [String] = []
}

/// Finds the words that can stand at a place of a line.
struct ShellCompleter {
    /// The words that can stand at one place.
    private enum Column {
        /// Words of the shell, which may be written in any case.
        case keywords([String])
        /// Names at the broker, where case matters.
        case names([String])

        func words(beginningWith beginning: String) -> [String] {
            switch self {
            case .keywords(let words):
                words.filter { $0.lowercased().hasPrefix(beginning.lowercased()) }
            case .names(let names): names.filter { $0.hasPrefix(beginning) }
            }
        }
    }

    /// The commands of the shell's state.
    let commands: [String]
    let names: KnownNames

    /// The words that begin with `beginning` behind the words `before`.
    func candidates(before: [String], beginning: String) -> [String] {
        guard let command = before.first else {
            return Column.keywords(commands).words(beginningWith: beginning)
        }
        guard commands.contains(where: { $0.lowercased() == command.lowercased() }) else {
            return []
        }
        let columns = columns(of: command.lowercased())
        let index = before.count - 1
        return index < columns.count ? columns[index].words(beginningWith: beginning) : []
    }

    /// What each argument of a command may be, as far as it is known.
    private func columns(of command: String) -> [Column] {
        let clients = Column.names(names.clients)
        let groups = Column.names(names.groups)
        let roles = Column.names(names.roles)
        let access = Column.keywords(["allow", "deny"])
        let types = Column.keywords(CommandRule.accessTypes)
        let texts = ["textName", "textDescription"]
        switch command {
        case "help": return [.keywords(commands)]
        case "addclientrole", "removeclientrole": return [clients, roles]
        case "addgroupclient", "removegroupclient": return [groups, clients]
        case "addgrouprole", "removegrouprole": return [groups, roles]
        case "addroleacl": return [roles, types, access]
        case "removeroleacl": return [roles, types]
        case "deleteclient", "disableclient", "enableclient", "getclient", "setclientid",
            "setclientpassword":
            return [clients]
        case "deletegroup", "getgroup", "setanonymousgroup": return [groups]
        case "deleterole", "getrole": return [roles]
        case "modifyclient": return [clients, .keywords(texts)]
        case "modifygroup": return [groups, .keywords(texts)]
        case "modifyrole": return [roles, .keywords(["allowWildcardSubs"] + texts)]
        case "setdefaultaclaccess": return [.keywords(CommandRule.defaultAccessTypes), access]
        default: return []
        }
    }
}
