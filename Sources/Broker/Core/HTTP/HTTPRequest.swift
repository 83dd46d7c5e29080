// SPDX-License-Identifier: Apache-2.0
// A request as the HTTP API understands it.

import Encoding
import Net

/// A request that can be answered.
struct HTTPRequest: Sendable {
    /// Why there is nothing to answer.
    enum Refusal: Error, Sendable {
        case badRequest
        case invalidMethod
    }

    /// What is asked for.
    enum Target: Sendable, Equatable {
        case live
        case ready
        case metrics(MetricNames)
        /// An endpoint below `/api/`; nil: there is none of that name.
        case api(String?)
        case file

        /// Who answers, as it is counted.
        var handler: HTTPHandler {
            switch self {
            case .live, .ready: .health
            case .metrics: .metrics
            case .api: .api
            case .file: .file
            }
        }

        /// Whether anybody may ask.
        var isPublic: Bool { self == .live || self == .ready }
    }

    /// GET or HEAD.
    let method: String
    let path: HTTPPath
    let target: Target
    let fields: HeaderFields

    /// Reads a head that ends with an empty line.
    init(_ head: [UInt8]) throws(Refusal) {
        guard let head = HTTPHead(head, headerCountMax: 100) else { throw .badRequest }
        guard head.method == "GET" || head.method == "HEAD" else { throw .invalidMethod }
        guard let path = HTTPPath(target: head.target) else { throw .badRequest }
        method = head.method
        self.path = path
        fields = head.fields
        target = Self.target(path, query: Self.query(of: head.target))
    }

    /// Whether the answer goes without its body.
    var isHead: Bool { method == "HEAD" }

    private static func target(_ path: HTTPPath, query: Substring) -> Target {
        switch path.name {
        case "/health/live": return .live
        case "/health/ready": return .ready
        case "/metrics":
            let isSys = query.split(separator: "&").contains("names=sys")
            return .metrics(isSys ? .sys : .own)
        default: return path.isAPI ? .api(path.endpoint) : .file
        }
    }

    private static func query(of target: String) -> Substring {
        let rest = target.prefix { $0 != "#" }
        guard let mark = rest.firstIndex(of: "?") else { return "" }
        return rest[rest.index(after: mark)...]
    }

    /// User name and password of `Basic <base64>`; nothing for anything else.
    var credentials: (name: String?, password: [UInt8]?) {
        guard let field = fields.first("authorization"), field.lowercased().hasPrefix("basic "),
            let bytes = Self.base64(field.utf8.dropFirst(6)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: bytes[..<colon], as: UTF8.self), !name.isEmpty
        else { return (nil, nil) }
        return (name, [UInt8](bytes[(colon + 1)...]))
    }

    /// The bytes of Base64 text, with or without padding and spaces; nil when it is none.
    private static func base64(_ text: Substring.UTF8View) -> [UInt8]? {
        let digits = text.filter { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: " ") }
        return Base64.decode(digits, isPadded: false, isCanonical: false)
    }
}
