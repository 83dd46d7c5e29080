// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl broker health: whether a broker serves clients, for scripts and container images.

import JSON
import MQTT
import MQTTClient
import ToolSupport

/// Asks a broker how it is.
///
/// A broker that refuses the user, or what the user asks, serves clients all the same: then that is the
/// answer. So the check needs no rights, and works with brokers that do not know the command.
struct HealthCheck {
    /// What a broker is that serves clients.
    struct Health: Equatable {
        /// `ready` if the broker says so, `answers` if it says nothing about it.
        let status: String
        /// Why it says nothing.
        var note: String?

        /// For people.
        var line: String { note.map { "\(status) (\($0))" } ?? status }

        /// For programs.
        var json: JSONValue { .object([.init("status", .string(status))]) }
    }

    /// Until the broker has taken the connection and a subscription.
    private static let timeout = Duration.seconds(10)
    /// Until it has said more.
    private static let answerTimeout = Duration.seconds(3)

    private let options: ConnectionOptions

    /// Prepares the check of the broker that the options name.
    init(_ options: ConnectionOptions) { self.options = options }

    /// What the broker is; throws what is wrong with one that does not serve clients.
    func run() throws(ToolFailure) -> Health {
        let session: Session
        do {
            session = try Session(options)
        } catch {
            guard Self.isAboutUser(error) else { throw OneShot.failure(connecting: error) }
            return Self.answers("it does not let this user in")
        }
        defer { session.disconnect() }
        do {
            try session.open(ControlModule.broker.topics, Deadline(in: Self.timeout))
        } catch {
            guard case .subscribeRefused = error else {
                throw OneShot.failure(requesting: error, options)
            }
            return Self.answers("this user may not ask for more")
        }
        return try ask(session)
    }

    /// Asks a broker that has taken a connection and a subscription.
    private func ask(_ session: Session) throws(ToolFailure) -> Health {
        let response: JSONValue
        do {
            response = try session.request(
                .object([.init("command", .string("health"))]),
                of: .broker,
                Deadline(in: Self.answerTimeout)
            )
        } catch {
            switch error {
            case .publishRefused: return Self.answers("this user may not ask for more")
            case .endpointMissing, .client(.timedOut): return Self.answers("without a control API")
            default: throw OneShot.failure(requesting: error, options)
            }
        }
        return try Self.health(from: response)
    }

    /// Whether a connection was refused for who asks, by a broker that serves others.
    static func isAboutUser(_ error: MQTTError) -> Bool {
        guard case .refused(let code, let version) = error else { return false }
        // Bad user name or password, not authorized, and in 5.0 bad authentication method.
        return version == .v5 ? [0x86, 0x87, 0x8C].contains(code) : [4, 5].contains(code)
    }

    /// What a response says.
    static func health(from response: JSONValue) throws(ToolFailure) -> Health {
        if response["error"]?.text != nil { return answers("it does not know the command") }
        guard let status = response["data"]?["status"]?.text else {
            throw ToolFailure("Error: Invalid response from server.", .protocolError)
        }
        guard status == "ready" else { throw ToolFailure("Error: Not ready: \(status).") }
        return Health(status: status)
    }

    private static func answers(_ note: String) -> Health { Health(status: "answers", note: note) }
}
