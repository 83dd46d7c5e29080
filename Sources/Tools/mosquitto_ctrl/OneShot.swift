// SPDX-License-Identifier: Apache-2.0
// One command from the command line, one request, one answer.

import Glibc
import JSON
import MQTT
import MQTTClient
import ToolSupport

/// A single command given on the command line.
struct OneShot {
    private static let timeout = Duration.seconds(10)

    let module: ControlModule
    var options: ConnectionOptions
    /// The command and its arguments.
    let words: [String]

    /// Does it and prints the answer.
    mutating func run() throws(ToolFailure) {
        let name = words[0]
        let arguments = Array(words.dropFirst())
        let ask: CommandLineRequest.Ask = { Terminal.readSecret(prompt: $0) }
        if let subject = HelpText.subject(of: words) {
            Terminal.write(try HelpText.commandLine(module, about: subject), to: STDOUT_FILENO)
            return
        }
        let rule = try module.commandLineRule(named: name)
        if rule.form == .local {
            Terminal.say(try DynsecFile.initialise(arguments, ask: ask))
            return
        }
        if rule.form == .check {
            guard arguments.isEmpty else {
                throw ToolFailure("Error: \(rule.name) takes no arguments.", .invalidInput)
            }
            try options.askPassword()
            let health = try HealthCheck(options).run()
            return Terminal.say(options.printsJSON ? health.json.compactText : health.line)
        }
        if let path = options.dataFile {
            guard rule.name == "setClientPassword" else {
                throw ToolFailure(
                    "Error: \(rule.name) cannot be used with a data file.",
                    .invalidInput
                )
            }
            try DynsecFile.setClientPassword(path, arguments, ask: ask)
            return
        }
        let request = try CommandLineRequest(
            rule: rule,
            typedName: name,
            arguments: arguments,
            ask: ask
        ).make()
        Self.warn(options)
        try options.askPassword()
        try print(try send(request))
    }

    private func send(_ request: JSONValue) throws(ToolFailure) -> JSONValue {
        do {
            let payload = try Session.payload(request)
            let answer = try Self.exchange(
                payload,
                module.topics,
                options,
                Deadline(in: Self.timeout)
            )
            return try Session.response(in: answer)
        } catch let error as RequestError {
            throw Self.failure(requesting: error, options)
        } catch let error as ToolFailure {
            throw error
        } catch {
            throw ToolFailure("Error: Unknown error.", .unknown)
        }
    }

    /// Warns of a connection that others can read.
    static func warn(_ options: ConnectionOptions) {
        guard !options.usesTLS, !options.isQuiet, options.unixSocket == nil else { return }
        Terminal.complain(plainTextWarning)
    }

    /// Connects, sends one request, waits for its answer and disconnects.
    static func exchange(
        _ payload: [UInt8],
        _ topics: ControlTopics,
        _ options: ConnectionOptions,
        _ deadline: Deadline
    ) throws(ToolFailure) -> [UInt8] {
        let session: Session
        do {
            session = try Session(options)
        } catch {
            throw failure(connecting: error)
        }
        defer { session.disconnect() }
        do {
            try session.open(topics, deadline)
            return try session.exchange(payload, topics, deadline)
        } catch {
            throw failure(requesting: error, options)
        }
    }

    private func print(_ response: JSONValue) throws(ToolFailure) {
        let command = response["command"]?.text ?? ""
        if options.printsJSON { Terminal.say(HarmlessText.json(response)) }
        if let error = response["error"]?.text {
            throw ToolFailure("\(command): Error: \(HarmlessText.visible(error)).")
        }
        if options.printsJSON { return }
        let data = HarmlessText.visible(response["data"] ?? .object([]))
        let lines =
            module == .broker
            ? BrokerPrinter.lines(command, data) : ResponsePrinter.lines(command, data)
        guard let lines else {
            throw ToolFailure("Error: Invalid response from server.", .protocolError)
        }
        for line in lines { Terminal.say(line) }
    }

    private static let plainTextWarning = """
        Warning: You are running mosquitto_ctrl without encryption.
        This means all of the configuration changes you are making are visible on the network, \
        including passwords.

        """

    // MARK: Failures

    /// Says why there is no connection, in the words of the original.
    ///
    /// The original ends with 0 once it has got as far as connecting; here every failure has a status.
    static func failure(connecting error: MQTTError) -> ToolFailure {
        switch error {
        case .unreachable: ToolFailure("Error: \(error.words).", .system)
        case .configuration, .webSocket: ToolFailure("Error: \(error)")
        case .lookup: ToolFailure("Unable to connect (Lookup error.).", .lookup)
        case .proxy: ToolFailure("Unable to connect (\(error)).", .proxy)
        case .tls, .notSupported:
            ToolFailure("Unable to connect (A TLS error occurred.).\n\(error).", .tls)
        case .refused(132, .v5):
            ToolFailure(
                "Connection error: \(error). "
                    + "Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.",
                .connectionRefused
            )
        case .refused: ToolFailure("Connection error: \(error)", .connectionRefused)
        case .timedOut: ToolFailure("Error: Timed out.", .timeout)
        case .closed, .connectionLost, .notConnected, .disconnected:
            ToolFailure("Error: The connection was lost.", .connectionLost)
        default: ToolFailure("Error: \(error)", .protocolError)
        }
    }

    /// Says what is wrong with a request or its answer.
    static func failure(
        requesting error: RequestError,
        _ options: ConnectionOptions
    ) -> ToolFailure {
        switch error {
        case .client(let inner): return failure(connecting: inner)
        case .subscribeRefused(let reason):
            let text =
                options.version == .v5
                ? reason.description : "Subscription refused."
            return ToolFailure("Subscribe error: \(text)", .accessDenied)
        case .publishRefused(let reason):
            return ToolFailure("Publish error: \(reason.description)", .accessDenied)
        case .endpointMissing, .noResponses, .invalidResponse:
            return ToolFailure("Error: Payload missing data.", .protocolError)
        case .notJSON: return ToolFailure("Error: Payload not JSON.", .protocolError)
        }
    }
}

extension ConnectionOptions {
    /// Asks for the password of a user who gave none.
    mutating func askPassword() throws(ToolFailure) {
        guard let username, password == nil else { return }
        let secret = Terminal.readSecret(prompt: "Password for \(username): ")
        guard !secret.isEmpty else {
            throw ToolFailure("Error: Empty password.\nError getting password.")
        }
        password = try Self.passwordText(secret)
    }

    /// A typed password as text, which is all that requests and connections carry here.
    static func passwordText(_ bytes: [UInt8]) throws(ToolFailure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ToolFailure("Error: Password is not valid UTF-8.")
        }
        return text
    }
}
