// SPDX-License-Identifier: Apache-2.0
// Answers of the HTTP API.

import Glibc

/// An answer without its head.
struct HTTPAnswer: Sendable {
    /// What follows the head.
    enum Body: Sendable {
        case bytes([UInt8])
        /// Read in pieces as the client takes them.
        case file(HTTPFile)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(let file): file.byteCount
            }
        }
    }

    var status = "200 OK"
    var contentType: String
    var fields: [String] = []
    var body: Body

    /// An answer that is a text.
    static func text(_ text: String, status: String = "200 OK") -> HTTPAnswer {
        HTTPAnswer(
            status: status,
            contentType: HTTPMediaType.text,
            body: .bytes(Array(text.utf8))
        )
    }

    static let notFound = text("Not found.\n", status: "404 Not Found")
    static let badRequest = text("Bad request.\n", status: "400 Bad Request")
    static let invalidMethod = HTTPAnswer(
        status: "405 Method Not Allowed",
        contentType: HTTPMediaType.text,
        fields: ["Allow: GET, HEAD"],
        body: .bytes(Array("Invalid HTTP Method\n".utf8))
    )
    static let unavailable = HTTPAnswer(
        status: "503 Service Unavailable",
        contentType: HTTPMediaType.text,
        fields: ["Retry-After: 5"],
        body: .bytes(Array("Out of memory.\n".utf8))
    )
    static let tooEarly = HTTPAnswer(
        status: "503 Service Unavailable",
        contentType: HTTPMediaType.text,
        fields: ["Retry-After: 1"],
        body: .bytes(Array("The broker is starting.\n".utf8))
    )
    static let tooLate = text("The broker is stopping.\n", status: "503 Service Unavailable")
    static let notAuthorized = HTTPAnswer(
        status: "401 Unauthorized",
        contentType: HTTPMediaType.text,
        fields: ["WWW-Authenticate: Basic realm=\"Mosquitto API\""],
        body: .bytes(Array("Not authorised\n".utf8))
    )

    /// What the broker says of itself: it lives, or is ready.
    static func health(_ text: String, isGood: Bool) -> HTTPAnswer {
        HTTPAnswer(
            status: isGood ? "200 OK" : "503 Service Unavailable",
            contentType: HTTPMediaType.json,
            fields: ["Cache-Control: no-store"],
            body: .bytes(Array(text.utf8))
        )
    }

    /// The bytes in front of the body, with some more fields.
    func head(_ more: [String] = []) -> [UInt8] {
        let lines =
            ["HTTP/1.1 \(status)", "Date: \(Self.date())", "Connection: close"]
            + ["Content-Length: \(body.byteCount)", "Content-Type: \(contentType)"]
            + ["X-Content-Type-Options: nosniff"] + fields + more + ["", ""]
        return Array(lines.joined(separator: "\r\n").utf8)
    }

    /// The time as HTTP writes it (RFC 9110 section 5.6.7).
    private static func date() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return "\(day) \(parts.tm_year + 1900) \(clock) GMT"
    }
}
