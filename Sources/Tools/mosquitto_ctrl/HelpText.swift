// SPDX-License-Identifier: Apache-2.0
// What the program says about itself.

import Config
import ToolSupport

/// Texts of help, made from the tables the program works by.
enum HelpText {
    /// The version the programs report.
    static let version = BrokerVersion.number

    /// How the program is called.
    static let usage = """
        mosquitto_ctrl administers a running mosquitto broker.
        mosquitto_ctrl version \(version) running on libmosquitto \(version).
        \(BrokerVersion.releaseLine)

        Usage: mosquitto_ctrl [options] <module> <command> [arguments]
               mosquitto_ctrl [options] <module> help
               mosquitto_ctrl [options]        (interactive shell)

        Modules: broker, dynsec

        Where the broker is:
          -h, --host HOST        its name or address (localhost)
          -p, --port PORT        its port (1883, with TLS 8883)
          -L, --url URL          both: mqtt[s]://[user[:password]@]host[:port]/
          --unix PATH            its Unix domain socket
          -A ADDRESS             the local address to connect from
          --proxy URL            through socks5h://[user[:password]@]host[:port]
        Who you are:
          -i, --id ID            client id
          -u, --username NAME    user name; without -P the password is asked for
          -P, --pw PASSWORD      password
        Encryption:
          --cafile FILE, --capath DIR, --tls-use-os-certs    what to trust
          --cert FILE, --key FILE                            your certificate and its key
          --insecure             do not compare the broker's name with its certificate
          --psk KEY, --psk-identity NAME                     pre-shared key in hexadecimal
          --ciphers LIST, --tls-version tlsv1.2|tlsv1.3, --tls-alpn NAME
          --keyform pem|engine, --tls-engine ID, --tls-engine-kpass-sha1 HASH
                                 accepted; a connection that needs an engine is refused
        Behaviour:
          -f FILE                work on a dynamic security file (dynsec setClientPassword)
          -o FILE                read options from FILE
          -q, --qos 0|1|2        quality of service of the requests (1)
          -V, --protocol-version mqttv5|mqttv311|mqttv31
          --json                 print the broker's answer as JSON
          --completion SHELL     print the completions for bash, zsh or fish
          -d, --debug; -v, --verbose; --quiet; --help; --version

        See mosquitto_ctrl(1).

        """

    /// What the words behind a module's name ask help about; nil if they ask for none.
    ///
    /// `--help` asks wherever it stands, so that no command is ever carried out with it. The empty
    /// text stands for the module.
    static func subject(of words: [String]) -> String? {
        if words.first?.lowercased() == "help" {
            return words.dropFirst().first { $0 != "--help" } ?? ""
        }
        guard words.contains("--help") else { return nil }
        return words.first == "--help" ? "" : words.first
    }

    /// The command called `name`, or all commands of `module` where that is empty.
    static func commandLine(
        _ module: ControlModule,
        about name: String
    ) throws(ToolFailure) -> String {
        if name.isEmpty { return commandLine(module) }
        let rule = try module.commandLineRule(named: name)
        let call = "mosquitto_ctrl [options] \(module.rawValue) \(rule.name) \(rule.syntax)"
        return "Usage: \(call.trimmingEnd)\n\n\(rule.summary)\n\n\(reference(module))\n"
    }

    /// Where more is written.
    private static func reference(_ module: ControlModule) -> String {
        switch module {
        case .broker: "See mosquitto_ctrl(1)."
        case .dynsec: "See mosquitto_ctrl_dynsec(1)."
        }
    }

    /// The commands of `module` as they are given on the command line.
    static func commandLine(_ module: ControlModule) -> String {
        var lines = ["", module.title, String(repeating: "=", count: module.title.count)]
        var section = ""
        for rule in module.commands where rule.isOnCommandLine {
            if rule.section != section {
                section = rule.section
                lines += ["", section, String(repeating: "-", count: section.count)]
            }
            lines.append("\(rule.name) \(rule.syntax)".trimmingEnd)
            lines.append("    \(rule.summary)")
        }
        if module == .dynsec { lines += dynsecNotes }
        lines += ["", reference(module)]
        return lines.joined(separator: "\n") + "\n"
    }

    private static let dynsecNotes = [
        "",
        "Roles, groups and rules of higher priority are looked at first.",
        "",
        "acltype of a role: \(CommandRule.accessTypes.joined(separator: ", "))",
        "acltype of the defaults: \(CommandRule.defaultAccessTypes.joined(separator: ", "))",
    ]
}

extension String {
    /// The text without the blanks at its end.
    var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }

    /// The text, filled up with blanks to `width` characters.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
