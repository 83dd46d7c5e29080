// SPDX-License-Identifier: Apache-2.0
// The interactive shell: its states and the commands that change them.

import Glibc
import JSON
import MQTT
import MQTTClient
import ToolSupport

/// The interactive shell.
///
/// It is not connected, connected, or inside a module of the broker it is connected to.
final class Shell {
    private static let answerTimeout = Duration.seconds(4)

    private var options: ConnectionOptions
    private let trustsSystem: Bool
    private let style = ShellStyle()
    private var address = ""
    private var session: SharedSession?
    private var module: ControlModule?
    private var names = KnownNames()
    private var hasEnded = false

    /// Prepares a shell that connects as the options say.
    ///
    /// The shell speaks MQTT 5 with QoS 1, whatever the options say.
    init(_ options: ConnectionOptions) {
        self.options = options
        trustsSystem = options.usesSystemCertificates
        self.options.version = .v5
        self.options.qos = 1
    }

    /// Reads and follows lines until the end; returns the exit status.
    func run() -> Int32 {
        // Leaving is all these signals ask for; nothing is lost by it.
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                _ = Glibc.write(STDOUT_FILENO, "\n", 1)
                _exit(0)
            }
        }
        LineEditor.start { [unowned self] before, beginning in
            ShellCompleter(commands: self.commands.map(\.name), names: self.names)
                .candidates(before: before, beginning: beginning)
        }
        Terminal.say("mosquitto_ctrl shell v\(HelpText.version)")
        if options.host != nil || options.unixSocket != nil { connect([]) }
        while !hasEnded {
            guard let line = LineEditor.readLine(prompt: prompt) else {
                Terminal.say("")
                break
            }
            follow(line)
        }
        session?.disconnect()
        return 0
    }

    private var prompt: String {
        guard session != nil else { return "> " }
        return module.map { "\(address)|\($0.rawValue)> " } ?? "\(address)> "
    }

    /// The commands of the present state with their syntax and what they do.
    private var commands: [(name: String, syntax: String, summary: String)] {
        let help = ("help", "[command]", "Show the commands, or what one of them does.")
        let exit = ("exit", "", "Leave the shell.")
        let disconnect = ("disconnect", "", "Disconnect from the broker.")
        guard session != nil else {
            return [
                help, ("auth", "[username]", "Set user name and password for the next connection."),
                (
                    "connect", "[mqtt[s]://host[:port] | ws[s]://host[:port]]",
                    "Connect to a broker."
                ), exit,
            ]
        }
        guard let module else {
            let modules = ControlModule.allCases.map { ($0.rawValue, "", $0.summary) }
            return [help] + modules + [disconnect, exit]
        }
        let own = module.commands.filter(\.isInShell).map { ($0.name, $0.shellSyntax, $0.summary) }
        return own + [help, disconnect, ("return", "", "Leave the module."), exit]
    }

    // MARK: Lines

    private func follow(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        guard let word = words.first else { return }
        if let failure = session?.failure {
            complain("Connection lost: \(failure.words)")
            disconnect()
        }
        let arguments = Array(words.dropFirst())
        guard commands.contains(where: { $0.name.lowercased() == word.lowercased() }) else {
            complain("Unknown command '\(word)'")
            return
        }
        if arguments.contains("--help") {
            help([word])
            return
        }
        switch word.lowercased() {
        case "help": help(arguments)
        case "exit": hasEnded = true
        case "auth": authenticate(arguments)
        case "connect": connect(arguments)
        case "disconnect": disconnect()
        case "return": module = nil
        default:
            if let module {
                request(word, arguments, of: module)
            } else if let chosen = ControlModule(name: word) {
                enter(chosen)
            }
        }
    }

    private func complain(_ text: String) { Terminal.say(style.paint(text, .error)) }

    private func help(_ arguments: [String]) {
        guard let name = arguments.first else {
            let width = commands.map(\.name.count).max() ?? 0
            for command in commands {
                let label = style.paint(command.name.padded(to: width), .label)
                Terminal.say("\(label)  \(command.summary)")
            }
            return
        }
        guard let command = commands.first(where: { $0.name.lowercased() == name.lowercased() })
        else {
            complain("Unknown command '\(name)'")
            return
        }
        Terminal.say("\(command.name) \(command.syntax)".trimmingEnd)
        Terminal.say(command.summary)
    }

    // MARK: Connecting

    private func authenticate(_ arguments: [String]) {
        var username = arguments.first
        if username == nil {
            Terminal.write("username: ", to: STDOUT_FILENO)
            username = Terminal.readLine().map { String(decoding: $0, as: UTF8.self) }
        }
        guard let username, !username.isEmpty else { return }
        let password = Terminal.readSecret(prompt: "password: ")
        do {
            options.password =
                password.isEmpty ? nil : try ConnectionOptions.passwordText(password)
            options.username = username
        } catch {
            complain(error.message)
        }
    }

    private func connect(_ arguments: [String]) {
        if let url = arguments.first, let problem = apply(url) {
            complain("Unable to connect: \(problem)")
            return
        }
        if let username = options.username, options.password == nil { authenticate([username]) }
        do {
            session = try SharedSession(options)
            address = currentAddress
        } catch {
            complain("Unable to connect: \(error.words)")
        }
    }

    private var currentAddress: String {
        if let path = options.unixSocket { return "unix://\(path)" }
        let scheme = (options.usesWebSocket ? "ws" : "mqtt") + (options.usesTLS ? "s" : "")
        return "\(scheme)://\(options.host ?? "localhost"):\(options.effectivePort)"
    }

    /// Sets the address from `[scheme://]host[:port]`; returns what is wrong with it.
    ///
    /// Without a scheme it is MQTT. Options that ask for TLS keep it, whatever the scheme.
    private func apply(_ url: String) -> String? {
        let (scheme, rest) = BrokerURL.split(url) ?? ("", url[...])
        guard ["", "mqtt", "mqtts", "ws", "wss"].contains(scheme) else {
            return "Unsupported URL scheme."
        }
        guard let authority = try? BrokerURL.Authority(rest.prefix { $0 != "/" }),
            !authority.host.isEmpty
        else { return "Invalid URL." }
        options.unixSocket = nil
        options.host = authority.host
        let isSecure = scheme == "mqtts" || scheme == "wss"
        options.port = authority.port ?? (isSecure ? 8883 : scheme.isEmpty ? nil : 1883)
        options.usesWebSocket = scheme.hasPrefix("ws")
        options.username = authority.username ?? options.username
        options.password = authority.password ?? options.password
        options.usesSystemCertificates = isSecure || trustsSystem
        return nil
    }

    private func disconnect() {
        session?.disconnect()
        session = nil
        module = nil
        names = KnownNames()
    }

    // MARK: Modules

    private func enter(_ chosen: ControlModule) {
        guard let session else { return }
        do {
            try session.open(chosen, Deadline(in: Self.answerTimeout))
        } catch {
            report(error, chosen)
            return
        }
        module = chosen
        do {
            try refreshNames()
        } catch {
            report(error, chosen)
        }
    }

    private func request(_ word: String, _ arguments: [String], of module: ControlModule) {
        guard let rule = module.command(named: word), let session else { return }
        do {
            let command = try ShellRequest(rule: rule, arguments: arguments) {
                Terminal.readSecret(prompt: $0)
            }.make()
            let response = try session.request(
                command,
                of: module,
                Deadline(in: Self.answerTimeout)
            )
            show(response, rule)
        } catch let error as ShellUsageError {
            for line in error.lines { complain(line) }
        } catch let error as RequestError {
            report(error, module)
        } catch {
            complain("Invalid response from broker.")
        }
    }

    private func show(_ response: JSONValue, _ rule: CommandRule) {
        if let error = response["error"]?.text {
            complain(HarmlessText.visible(error))
            return
        }
        guard let data = response["data"] else {
            Terminal.say("OK")
            if rule.name.hasPrefix("create") || rule.name.hasPrefix("delete") {
                // Without the names there are just none to complete.
                try? refreshNames()
            }
            return
        }
        if module == .dynsec { remember(data) }
        let shown = HarmlessText.visible(data)
        let printer = ShellPrinter(style: style)
        let lines =
            module == .broker
            ? printer.brokerLines(rule.name, shown) : printer.lines(rule.name, shown)
        guard let lines else {
            complain("Invalid response from broker.")
            return
        }
        for line in lines { Terminal.say(line) }
    }

    private func report(_ error: RequestError, _ module: ControlModule) {
        let permission = "check you have permission to access this module."
        switch error {
        case .client(.timedOut): complain("Timed out with no response.")
        case .client(let inner):
            complain("Connection lost: \(inner.words)")
            disconnect()
        case .subscribeRefused: complain("Subscribe failed, \(permission)")
        case .publishRefused: complain("Publish failed, \(permission)")
        case .endpointMissing:
            complain("$CONTROL endpoint for this module not available.")
            if module == .dynsec {
                complain("Check the dynsec module is configured on the broker.")
            }
        case .notJSON, .noResponses, .invalidResponse: complain("Invalid response from broker.")
        }
    }

    // MARK: Completion

    /// Asks for the names to complete.
    private func refreshNames() throws(RequestError) {
        guard let session, module == .dynsec else { return }
        for list in ["listClients", "listGroups", "listRoles"] {
            let command = JSONValue.object([.init("command", .string(list))])
            let deadline = Deadline(in: Self.answerTimeout)
            let response = try session.request(command, of: .dynsec, deadline)
            if let data = response["data"] { remember(data) }
        }
    }

    private func remember(_ data: JSONValue) {
        let texts: (String) -> [String]? = { data[$0]?.elements?.compactMap(\.text) }
        names.clients = texts("clients") ?? names.clients
        names.groups = texts("groups") ?? names.groups
        names.roles = texts("roles") ?? names.roles
    }
}
