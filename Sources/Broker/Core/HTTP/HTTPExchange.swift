// SPDX-License-Identifier: Apache-2.0
// One request to the HTTP API and its answer.

import Config
import Net

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
    let worker: Worker
    let listener: ListenerSettings
    private(set) var connection: Connection?
    private var share: HTTPShare
    private var head: [UInt8] = []
    private var isRead = false
    /// What is asked for; nil before that is known, and where it is nothing.
    private var request: HTTPRequest?
    var openQuestion: QuestionID?
    /// Metrics that wait for workers to have looked at their sessions.
    var awaitedReport: MetricsReport?
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
    static let secondsMax: Int64 = 30
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
        do throws(HTTPRequest.Refusal) {
            let request = try HTTPRequest([UInt8](head[..<end]))
            self.request = request
            begin(request)
        } catch {
            switch error {
            case .badRequest: answer(.badRequest)
            case .invalidMethod: answer(.invalidMethod)
            }
        }
    }

    private func begin(_ request: HTTPRequest) {
        switch request.target {
        case .live:
            let isAlive = worker.broker.isAlive
            answer(.health("{\"status\":\"\(isAlive ? "live" : "stuck")\"}\n", isGood: isAlive))
        case .ready:
            let readiness = worker.broker.readiness
            let text = readiness.text(warnings: worker.broker.warnings)
            answer(.health(text, isGood: readiness == .ready))
        case .metrics, .api, .file:
            guard !worker.isOutOfMemory else { return answer(.unavailable) }
            authenticate(request)
        }
    }

    /// Forgets the head: nobody needs it any more.
    private func releaseHead() {
        isRead = true
        head = []
        _ = share.resize(to: Self.ownByteCount)
    }

    // MARK: Answer

    /// Answers who may ask.
    func serve(_ request: HTTPRequest, to identity: ClientIdentity) {
        switch request.target {
        case .live, .ready: assertionFailure("nobody has to be asked about those")
        case .metrics(let names): serveMetrics(names, request)
        case .api(let endpoint):
            answer(endpoint.flatMap { worker.httpAnswer(to: $0) } ?? .notFound)
        case .file: serveFile(request.path, to: identity)
        }
    }

    private func serveFile(_ path: HTTPPath, to identity: ClientIdentity) {
        guard let directory = listener.configuration.httpDir, let name = path.file else {
            return answer(.notFound)
        }
        // The disk may be slow, so the file is opened elsewhere.
        elsewhere {
            HTTPFile(name, in: directory)
        } next: { [self] file in
            guard let file else { return answer(.notFound) }
            let found = HTTPAnswer(contentType: name.mediaType, body: .file(file))
            if file.path == name { return answer(found) }
            // A link has led to another file: who asks must be allowed to read that one too.
            checkAccess(identity, file.path) { [self] in answer(found) }
        }
    }

    /// Gives the answer; later ones have no effect.
    func answer(_ answer: HTTPAnswer) {
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
        let status = HTTPStatusClass(status: answer.status)
        worker.counters.httpRequest(request?.target.handler ?? .none, status)
        let head = answer.head(originFields)
        if request?.isHead == true { return write(head, isLast: true) }
        switch answer.body {
        case .bytes(let bytes): write(head + bytes, isLast: true)
        case .file(let file):
            self.file = file
            write(head, isLast: file.byteCount == 0)
        }
    }

    /// Pages of other sites may read the answer only if the listener names them.
    private var originFields: [String] {
        let origins = listener.configuration.websocketsOrigins
        guard !origins.isEmpty else { return [] }
        guard let origin = request?.fields.first("origin"), origins.contains(origin) else {
            return ["Vary: Origin"]
        }
        return ["Access-Control-Allow-Origin: \(origin)", "Vary: Origin"]
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
    func elsewhere<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result,
        next: @escaping (Result) -> Void
    ) {
        let goOn = returning(next)
        worker.broker.perform { goOn(work()) }
    }

    /// What other threads may call for `next` to be called here, if the exchange has not ended by then.
    func returning<Result: Sendable>(
        _ next: @escaping (Result) -> Void
    ) -> @Sendable (Result) -> Void {
        let mailbox = worker.mailbox
        let box = ExchangeBox(self, next)
        return { result in
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
        awaitedReport = nil
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

    func connectionTimedOut(_ connection: Connection) {
        if awaitedReport != nil { sendReport() } else { finish() }
    }

    func connectionDrained(_ connection: Connection) { goOnIfWritten() }
}

/// Carries an exchange, and what it does next, to a thread that does something for it and back.
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
