// SPDX-License-Identifier: Apache-2.0
// One request to the HTTP API and its answer (spec: protocol-choices.md section 27).

import Config
import Glibc
import Log
import MQTT
import Net

/// A connection to an `http_api` listener: one request, one answer, end.
///
/// ```
/// reading ──head──► authenticating ──► checking access ──► answering ──► ended
/// ```
final class HTTPExchange {
    /// An answer without its head.
    struct Answer: Sendable {
        var status = "200 OK"
        var fields: [String] = []
        var body: [UInt8] = []

        /// An answer that is a text.
        static func text(_ text: String, status: String = "200 OK") -> Answer {
            Answer(status: status, body: Array(text.utf8))
        }

        static let notFound = text("Not found.\n", status: "404 Not Found")
        static let badRequest = text("Bad request.\n", status: "400 Bad Request")
        static let invalidMethod = text("Invalid HTTP Method\n", status: "405 Method Not Allowed")
        static let notAuthorized = Answer(
            status: "401 Unauthorized",
            fields: ["WWW-Authenticate: Basic realm=\"Mosquitto API\""],
            body: Array("Not authorised\n".utf8)
        )
    }

    private let worker: Worker
    private let listener: ListenerSettings
    private var connection: Connection?
    private var head: [UInt8] = []
    private var isRead = false
    private var isAnswered = false
    private var openQuestion: Asker?

    private static let headCountMax = 16 << 10
    private static let secondsMax: Int64 = 30

    init(worker: Worker, connection: Connection, listener: ListenerSettings) {
        self.worker = worker
        self.connection = connection
        self.listener = listener
        connection.handler = self
        connection.setDeadline(worker.now + Self.secondsMax)
    }

    // MARK: Request

    private func read(_ bytes: UnsafeRawBufferPointer) {
        guard !isRead else { return }
        let searched = max(0, head.count - 3)
        head.append(contentsOf: bytes.prefix(Self.headCountMax))
        guard let end = HTTPHead.end(in: head, from: searched) else {
            if head.count >= Self.headCountMax { answer(.badRequest) }
            return
        }
        isRead = true
        guard let request = HTTPHead([UInt8](head[..<end]), headerCountMax: 100) else {
            return answer(.badRequest)
        }
        head = []
        guard request.method == "GET" else { return answer(.invalidMethod) }
        guard let path = Self.path(of: request.target) else { return answer(.badRequest) }
        authenticate(request, path)
    }

    /// The path of a target, without query and with `%XX` decoded; nil for a bad `%XX`.
    ///
    /// A target may be a whole URL (RFC 9112 section 3.2.2). One without a leading slash is read
    /// as if it had one, and names nothing then.
    private static func path(of target: String) -> [UInt8]? {
        var path: [UInt8] = []
        var rest = Array(target.utf8.prefix { $0 != UInt8(ascii: "?") })[...]
        if target.lowercased().hasPrefix("http://") || target.lowercased().hasPrefix("https://") {
            let slashes = rest.indices.filter { rest[$0] == UInt8(ascii: "/") }
            rest = rest[(slashes.count > 2 ? slashes[2] : rest.endIndex)...]
        }
        if rest.first != UInt8(ascii: "/") { path.append(UInt8(ascii: "/")) }
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                path.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), value != 0 else {
                return nil
            }
            path.append(value)
            rest = rest.dropFirst(2)
        }
        return path
    }

    // MARK: Who asks

    private func authenticate(_ request: HTTPHead, _ path: [UInt8]) {
        guard let peer = connection?.peer else { return }
        let (name, password) = Self.credentials(request.fields.first("authorization"))
        let identity = ClientIdentity(
            clientIdentifier: "http-api",
            userName: name,
            peer: peer,
            listener: listener,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil
        )
        guard worker.events(on: listener).contains(.basicAuthentication) else {
            return checkAccess(identity, path, isKnown: listener.allowsAnonymous)
        }
        ask(.authenticate(identity, password: password)) { [self] answer in
            guard case .authentication(let code) = answer else { return }
            let isKnown =
                switch code {
                case 0: true
                case Code.ignore: listener.allowsAnonymous
                case Code.deferred: name == nil && listener.allowsAnonymous
                default: false
                }
            checkAccess(identity, path, isKnown: isKnown)
        }
    }

    /// User name and password of `Basic <base64>`; nothing for anything else.
    private static func credentials(_ field: String?) -> (name: String?, password: [UInt8]?) {
        guard let field, field.lowercased().hasPrefix("basic "),
            let bytes = Base64.decode(field.utf8.dropFirst(6)),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: bytes[..<colon], as: UTF8.self), !name.isEmpty
        else { return (nil, nil) }
        return (name, [UInt8](bytes[(colon + 1)...]))
    }

    /// The path must be readable as if it were a topic.
    private func checkAccess(_ identity: ClientIdentity, _ path: [UInt8], isKnown: Bool) {
        guard isKnown, path.count <= 65535 else { return answer(.notAuthorized) }
        let events = worker.events(on: listener)
        guard events.contains(.access) else { return serve(path) }
        if events.contains(.accessIsDirect) {
            let code = worker.checkAccess(.read, identity, filter: path, qos: 0)
            return code == 0 ? serve(path) : answer(.notAuthorized)
        }
        let message = path.withUnsafeBytes { topic in
            Message.make(
                UnsafePublication(
                    topic: topic,
                    properties: UnsafeRawBufferPointer(start: nil, count: 0),
                    payload: UnsafeRawBufferPointer(start: nil, count: 0),
                    qos: 0,
                    isRetained: false,
                    expiresAt: 0,
                    origin: nil
                )
            )
        }
        let question = DeliveryQuestion(
            message: message,
            qos: 0,
            isRetained: false,
            checksAccess: true,
            isFiltered: false
        )
        ask(.deliver(identity, [question])) { [self] answer in
            if case .deliver(let verdicts) = answer, case .allowed? = verdicts.first {
                serve(path)
            } else {
                self.answer(.notAuthorized)
            }
        }
    }

    private func ask(_ question: HookQuestion, _ next: @escaping (HookAnswer) -> Void) {
        openQuestion = worker.ask(question) { [self] answer in
            openQuestion = nil
            if connection != nil { next(answer) }
        }
    }

    // MARK: Answer

    private func serve(_ path: [UInt8]) {
        let prefix = Array("/api/".utf8)
        let start = path.prefix(prefix.count).map { (65...90).contains($0) ? $0 | 32 : $0 }
        if start == prefix {
            let endpoint = String(decoding: path[prefix.count...], as: UTF8.self)
            return answer(worker.httpAnswer(to: endpoint) ?? .notFound)
        }
        guard let directory = listener.configuration.httpDir else { return answer(.notFound) }
        let mailbox = worker.mailbox
        let box = ExchangeBox(self)
        // The disk may be slow, so the file is read elsewhere.
        worker.broker.perform {
            let answer = HTTPFiles.read(path, in: directory).map { Answer(body: $0) } ?? .notFound
            mailbox.post { _ in box.exchange.answer(answer) }
        }
    }

    fileprivate func answer(_ answer: Answer) {
        guard let connection, !isAnswered else { return }
        isAnswered = true
        isRead = true
        let lines =
            ["HTTP/1.1 \(answer.status)", "Date: \(Self.date())", "Connection: close"]
            + ["Content-Length: \(answer.body.count)"] + answer.fields + ["", ""]
        connection.write(Array(lines.joined(separator: "\r\n").utf8) + answer.body)
        connection.flush()
        if connection.queuedByteCount == 0 { finish() }
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

    private func finish() {
        guard let connection else { return }
        self.connection = nil
        if let openQuestion { worker.forget(openQuestion) }
        connection.close()
        listener.load.leave()
    }
}

extension HTTPExchange: ConnectionHandler {
    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        read(bytes)
        return bytes.count
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) { finish() }

    func connectionTimedOut(_ connection: Connection) { finish() }

    func connectionDrained(_ connection: Connection) {
        if isAnswered { finish() }
    }
}

/// Carries an exchange to the thread that reads its file and back.
///
/// Only the worker it belongs to looks inside, which makes `@unchecked Sendable` true.
private final class ExchangeBox: @unchecked Sendable {
    let exchange: HTTPExchange

    init(_ exchange: HTTPExchange) {
        self.exchange = exchange
    }
}

/// Base64 (RFC 4648 section 4).
enum Base64 {
    /// The bytes of a text; nil when it is none.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in text where digit != UInt8(ascii: "=") && digit != UInt8(ascii: " ") {
            guard let value = value(digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
