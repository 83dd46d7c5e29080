// SPDX-License-Identifier: Apache-2.0
// One request to the HTTP API and its answer.

import Config
import Encoding
import Glibc
import Log
import MQTT
import Net
import Results

/// A connection to an `http_api` listener: one request, one answer, end.
///
/// ```
/// reading ──head──► authenticating ──► checking access ──► answering ──► ended
///                                        ▲        │
///                                        └─ file ─┘
/// ```
/// Whatever a client can make it hold is in `share`: the connection, the head until it is complete,
/// one piece of the answer. A file is read piece by piece as the client takes it.
final class HTTPExchange {
    private let worker: Worker
    private let listener: ListenerSettings
    private var connection: Connection?
    private var share: HTTPShare
    private var head: [UInt8] = []
    private var isRead = false
    private var openQuestion: QuestionID?
    private var file: HTTPFile?
    /// Bytes of the file that were handed to the connection.
    private var sentCount = 0
    private var state = State.asking

    private enum State {
        case asking
        /// What was written is the last of the answer, or a piece of it.
        case writing(isLast: Bool)
        /// A piece of the file is being read.
        case reading
    }

    private static let headCountMax = 16 << 10
    /// Seconds for the request and all that comes before the answer, and then for each piece of it.
    private static let secondsMax: Int64 = 30
    /// What a connection costs beside what it has sent and asks for.
    static let ownByteCount = 2 << 10
    /// Bytes of a file that are read at once.
    private static let pieceCount = 32 << 10
    /// A piece is there twice for a moment: as it was read, and as it waits for the socket.
    private static let pieceMemory = 2 * pieceCount

    /// Serves a connection, or closes it where the listener's HTTP connections hold too much.
    init(worker: Worker, connection: Connection, listener: ListenerSettings) {
        self.worker = worker
        self.connection = connection
        self.listener = listener
        let limit = listener.configuration.httpMemoryLimit
        share = HTTPShare(of: listener.load.http, limit: limit)
        connection.handler = self
        connection.setDeadline(worker.now + Self.secondsMax)
        if !share.resize(to: Self.ownByteCount) { finish() }
    }

    // MARK: Request

    private func read(_ bytes: UnsafeRawBufferPointer) {
        guard !isRead else { return }
        let searched = max(0, head.count - 3)
        head.append(contentsOf: bytes.prefix(Self.headCountMax))
        guard share.resize(to: Self.ownByteCount + head.count) else { return answer(.unavailable) }
        guard let end = HTTPHead.end(in: head, from: searched) else {
            if head.count >= Self.headCountMax { answer(.badRequest) }
            return
        }
        isRead = true
        guard let request = HTTPHead([UInt8](head[..<end]), headerCountMax: 100) else {
            return answer(.badRequest)
        }
        guard request.method == "GET" else { return answer(.invalidMethod) }
        guard let path = HTTPPath(target: request.target) else { return answer(.badRequest) }
        guard !worker.isOutOfMemory else { return answer(.unavailable) }
        authenticate(request, path)
    }

    /// Forgets the head: nobody needs it any more.
    private func releaseHead() {
        isRead = true
        head = []
        _ = share.resize(to: Self.ownByteCount)
    }

    // MARK: Who asks

    private func authenticate(_ request: HTTPHead, _ path: HTTPPath) {
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
            return admit(identity, path, isKnown: listener.allowsAnonymous)
        }
        let limit = worker.settings.configuration.maxPendingLogins
        guard case .entered(let place) = worker.broker.pendingLogins.enter(from: peer, limit: limit)
        else { return answer(.unavailable) }
        ask(.authenticate(identity, password: password)) { [self] answer in
            // Until here the login was under way.
            withExtendedLifetime(place) {}
            guard case .authentication(let code, _) = answer else { return }
            let isKnown =
                switch code {
                case ResultCode.success: true
                case ResultCode.pluginIgnore: listener.allowsAnonymous
                case ResultCode.pluginDefer: name == nil && listener.allowsAnonymous
                default: false
                }
            admit(identity, path, isKnown: isKnown)
        }
    }

    private func admit(_ identity: ClientIdentity, _ path: HTTPPath, isKnown: Bool) {
        guard isKnown else { return answer(.notAuthorized) }
        checkAccess(identity, path) { [self] in serve(path, to: identity) }
    }

    /// User name and password of `Basic <base64>`; nothing for anything else.
    private static func credentials(_ field: String?) -> (name: String?, password: [UInt8]?) {
        guard let field, field.lowercased().hasPrefix("basic "),
            let bytes = base64(field.utf8.dropFirst(6)),
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

    /// The path must be readable as if it were a topic.
    private func checkAccess(
        _ identity: ClientIdentity,
        _ path: HTTPPath,
        _ next: @escaping () -> Void
    ) {
        let topic = path.topic
        guard topic.count <= 65535 else { return answer(.notAuthorized) }
        let events = worker.events(on: listener)
        guard events.contains(.access) else { return next() }
        if events.contains(.accessIsDirect) {
            let code = worker.checkAccess(.read, identity, filter: topic, qos: 0)
            return code == ResultCode.success ? next() : answer(.notAuthorized)
        }
        let message = UnsafePublication.with(topic: topic, Message.make)
        let question = DeliveryQuestion(
            message: message,
            qos: 0,
            isRetained: false,
            checksAccess: true,
            isFiltered: false
        )
        ask(.deliver(identity, [question])) { [self] answer in
            if case .deliver(let decisions) = answer, case .allowed? = decisions.first {
                next()
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

    private func serve(_ path: HTTPPath, to identity: ClientIdentity) {
        if path.isAPI {
            return answer(path.endpoint.flatMap { worker.httpAnswer(to: $0) } ?? .notFound)
        }
        guard let directory = listener.configuration.httpDir, let name = path.file else {
            return answer(.notFound)
        }
        // The disk may be slow, so the file is opened elsewhere.
        elsewhere {
            HTTPFile(name, in: directory)
        } next: { [self] file in
            guard let file else { return answer(.notFound) }
            if file.path == name { return answer(HTTPAnswer(body: .file(file))) }
            // A link has led to another file: who asks must be allowed to read that one too.
            checkAccess(identity, file.path) { [self] in answer(HTTPAnswer(body: .file(file))) }
        }
    }

    private func answer(_ answer: HTTPAnswer) {
        guard let connection, case .asking = state else { return }
        releaseHead()
        let count =
            switch answer.body {
            case .bytes(let bytes): bytes.count
            case .file: Self.pieceMemory
            }
        // What says that there is no room is small, and counted with the connection.
        guard count <= Self.ownByteCount || share.resize(to: Self.ownByteCount + count) else {
            return self.answer(.unavailable)
        }
        connection.setDeadline(worker.now + Self.secondsMax)
        switch answer.body {
        case .bytes(let bytes): write(answer.head + bytes, isLast: true)
        case .file(let file):
            self.file = file
            write(answer.head, isLast: file.byteCount == 0)
        }
    }

    private func write(_ bytes: [UInt8], isLast: Bool) {
        guard let connection else { return }
        state = .writing(isLast: isLast)
        bytes.withUnsafeBytes { bytes in
            connection.writeThrough(bytes, packets: 0) { SharedBytes(copying: bytes) }
        }
        goOnIfWritten()
    }

    /// Ends the exchange or has the next piece read when the socket has taken all.
    private func goOnIfWritten() {
        guard let connection, case .writing(let isLast) = state,
            connection.queuedByteCount == 0, !connection.isOutputBlocked
        else { return }
        connection.setDeadline(worker.now + Self.secondsMax)
        if isLast { finish() } else { readPiece() }
    }

    private func readPiece() {
        guard let file else { return }
        state = .reading
        let offset = sentCount
        let count = min(Self.pieceCount, file.byteCount - offset)
        elsewhere {
            file.read(at: offset, count: count)
        } next: { [self] piece in
            // A file that has become shorter cannot be sent as announced.
            guard let piece else { return finish() }
            sentCount += piece.count
            write(piece, isLast: sentCount == file.byteCount)
        }
    }

    /// Does something that may block on another thread, and goes on here with what came out.
    private func elsewhere<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result,
        next: @escaping (Result) -> Void
    ) {
        let mailbox = worker.mailbox
        let box = ExchangeBox(self, next)
        worker.broker.perform {
            let result = work()
            mailbox.post { _ in
                if box.exchange.connection != nil { box.next(result) }
            }
        }
    }

    private func finish() {
        guard let connection else { return }
        self.connection = nil
        if let openQuestion { worker.forget(openQuestion) }
        head = []
        file = nil
        _ = share.resize(to: 0)
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

    func connectionDrained(_ connection: Connection) { goOnIfWritten() }
}

/// Carries an exchange, and what it does next, to a thread that reads its file and back.
///
/// Only the worker it belongs to looks inside, which makes `@unchecked Sendable` true.
private final class ExchangeBox<Result>: @unchecked Sendable {
    let exchange: HTTPExchange
    let next: (Result) -> Void

    init(_ exchange: HTTPExchange, _ next: @escaping (Result) -> Void) {
        self.exchange = exchange
        self.next = next
    }
}
