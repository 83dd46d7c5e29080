// SPDX-License-Identifier: Apache-2.0
// What is counted apart: how logins go, who is turned away, who answers.

/// Something that has a counter of its own; the raw values are consecutive from 0.
protocol CountedCase: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    /// The values of the label by raw value, made once: a scrape needs all of them.
    static var labels: [String] { get }
}

extension CountedCase {
    /// The value of the label.
    var label: String { Self.labels[rawValue] }

    /// The names of the cases, in words that are joined by underscores.
    static func namesAsLabels() -> [String] {
        assert(allCases.map(\.rawValue).elementsEqual(0..<allCases.count), "they are consecutive")
        return allCases.map { snakeCase("\($0)") }
    }

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

    static let labels = namesAsLabels()
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

    static let labels = namesAsLabels()
}

/// Why a listener turned a new connection away.
enum ListenerRejection: Int, CountedCase {
    case maxConnections, hostRules, memoryLimit, systemError

    static let labels = namesAsLabels()
}

/// Who answers an HTTP request.
enum HTTPHandler: Int, CountedCase {
    case health, metrics, api, file
    /// The request was refused before anybody was asked.
    case none

    static let labels = namesAsLabels()
}

/// The first digit of an HTTP status.
enum HTTPStatusClass: Int, CountedCase {
    case success, redirection, clientError, serverError

    static let labels = ["2xx", "3xx", "4xx", "5xx"]

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

    static let labels = namesAsLabels()
}

/// What a client wants to do, as it is counted.
enum CountedAccess: Int, CountedCase {
    case read, write, subscribe, unsubscribe

    static let labels = namesAsLabels()

    init(_ kind: AccessKind) {
        switch kind {
        case .read: self = .read
        case .write: self = .write
        case .subscribe: self = .subscribe
        case .unsubscribe: self = .unsubscribe
        }
    }
}
