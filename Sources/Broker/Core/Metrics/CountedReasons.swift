// SPDX-License-Identifier: Apache-2.0
// What is counted apart: how logins go, who is turned away, who answers.

/// Something that has a counter of its own; the raw values are consecutive from 0.
protocol CountedCase: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    /// The value of the label.
    var label: String { get }
}

extension CountedCase {
    /// The name of the case, in words that are joined by underscores.
    var label: String { Self.snakeCase("\(self)") }

    private static func snakeCase(_ name: String) -> String {
        var label = ""
        for character in name {
            if character.isUppercase { label += "_" }
            label += character.lowercased()
        }
        return label
    }
}

/// How a login ended.
enum AuthenticationResult: Int, CountedCase {
    case accepted, refused
    /// Too many logins of the address were under way.
    case busy
    /// The client was gone, or its time over, before there was an answer.
    case abandoned
}

/// How a client says who it is.
enum AuthenticationMethod: Int, CountedCase {
    /// It does not.
    case anonymous
    case password
    /// By its certificate, pre-shared key or proxy.
    case transport
    /// By AUTH packets.
    case extended
    /// Over HTTP.
    case http
}

/// Why a listener turned a new connection away.
enum ListenerRejection: Int, CountedCase {
    case maxConnections, hostRules, memoryLimit, systemError
}

/// Who answers an HTTP request.
enum HTTPHandler: Int, CountedCase {
    case health, metrics, api, file
    /// The request was refused before anybody was asked.
    case none
}

/// The first digit of an HTTP status.
enum HTTPStatusClass: Int, CountedCase {
    case success, redirection, clientError, serverError

    var label: String { "\(rawValue + 2)xx" }

    /// The class of a status line such as `404 Not Found`.
    init(status: String) {
        let digit = status.utf8.first.map { Int($0) - 48 } ?? 5
        self = HTTPStatusClass(rawValue: min(max(digit, 2), 5) - 2) ?? .serverError
    }
}

/// Whose rule decides about access.
enum AccessDecider: Int, CountedCase {
    /// What every client may, or may not, as long as the broker runs.
    case builtIn
    case plugin
}

/// What a client wants to do, as it is counted.
enum CountedAccess: Int, CountedCase {
    case read, write, subscribe, unsubscribe

    init(_ kind: AccessKind) {
        switch kind {
        case .read: self = .read
        case .write: self = .write
        case .subscribe: self = .subscribe
        case .unsubscribe: self = .unsubscribe
        }
    }
}
