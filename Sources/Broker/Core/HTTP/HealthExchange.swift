// SPDX-License-Identifier: Apache-2.0
// A request over HTTP while no clients are served.

import Net

/// One request and its answer, while no clients are served.
final class HealthExchange: ConnectionHandler {
    private static let headCountMax = 16 << 10
    /// Seconds for all of it.
    private static let secondsMax: Int64 = 10

    private let broker: Broker
    private var connection: Connection?
    private var head: [UInt8] = []
    private var isAnswered = false

    init(_ broker: Broker, _ reactor: Reactor, _ connection: Connection) {
        self.broker = broker
        self.connection = connection
        connection.setDeadline(reactor.nowSeconds + Self.secondsMax)
    }

    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int {
        guard !isAnswered else { return bytes.count }
        let searched = max(0, head.count - 3)
        head.append(contentsOf: bytes.prefix(Self.headCountMax))
        if let end = HTTPHead.end(in: head, from: searched) {
            answer([UInt8](head[..<end]))
        } else if head.count >= Self.headCountMax {
            write(.badRequest, isHead: false)
        }
        return bytes.count
    }

    private func answer(_ head: [UInt8]) {
        do throws(HTTPRequest.Refusal) {
            let request = try HTTPRequest(head)
            let answer: HTTPAnswer =
                switch request.target {
                case .live: .health("{\"status\":\"live\"}\n", isGood: true)
                case .ready: .health(broker.readiness.text(), isGood: false)
                case .metrics, .api, .file:
                    broker.health.phase == .stopping ? .tooLate : .tooEarly
                }
            write(answer, isHead: request.isHead)
        } catch {
            write(error == .invalidMethod ? .invalidMethod : .badRequest, isHead: false)
        }
    }

    private func write(_ answer: HTTPAnswer, isHead: Bool) {
        isAnswered = true
        head = []
        guard case .bytes(let body) = answer.body else { return close() }
        connection?.write(answer.head() + (isHead ? [] : body))
        connection?.flush()
        closeIfWritten()
    }

    private func closeIfWritten() {
        guard isAnswered, let connection, connection.queuedByteCount == 0,
            !connection.isOutputBlocked
        else { return }
        close()
    }

    private func close() {
        let connection = connection
        self.connection = nil
        connection?.close()
    }

    func connection(_ connection: Connection, ended end: ConnectionEnd) { close() }

    func connectionTimedOut(_ connection: Connection) { close() }

    func connectionDrained(_ connection: Connection) { closeIfWritten() }
}
