// SPDX-License-Identifier: Apache-2.0
// Requests for subscriptions and for their end, and what is subscribed to.

import ClientMachine
import Inflight
package import MQTT
import Net

/// A request that is not answered.
struct PendingRequest {
    enum Kind {
        case subscribe([(filter: [UInt8], options: SubscriptionOptions)])
        case unsubscribe([[UInt8]])
    }

    /// What it is known by; nil where the client has renewed its subscriptions.
    let request: ClientRequest?
    let kind: Kind
    let properties: [UInt8]
    /// The packet identifier that it is to have.
    let wantedIdentifier: UInt16
    /// The packet identifier; nil while it is not sent.
    var packetIdentifier: UInt16?
}

extension ClientDriver {
    /// Asks for subscriptions, now or when there is a connection; `answered` or `gaveUp` follows.
    ///
    /// `properties` are encoded and without their length; not sent before 5.0.
    package func subscribe(
        _ filters: [(filter: [UInt8], options: SubscriptionOptions)],
        properties: [UInt8] = []
    ) throws(MQTTError) -> ClientRequest {
        try check(filters.map(\.filter))
        return try enter(.subscribe(filters), properties)
    }

    /// Ends subscriptions, now or when there is a connection; `answered` or `gaveUp` follows.
    package func unsubscribe(
        _ filters: [[UInt8]],
        properties: [UInt8] = []
    ) throws(MQTTError) -> ClientRequest {
        try check(filters)
        return try enter(.unsubscribe(filters), properties)
    }

    private func check(_ filters: [[UInt8]]) throws(MQTTError) {
        for filter in filters where !isValidTopicFilter(filter) {
            throw .invalidTopic(String(decoding: filter, as: UTF8.self))
        }
        guard !filters.isEmpty else { throw .invalidTopic("") }
    }

    private func enter(
        _ kind: PendingRequest.Kind,
        _ properties: [UInt8]
    ) throws(MQTTError) -> ClientRequest {
        guard !isIdle else { throw .notConnected }
        let last = sending.lastIdentifier
        guard let identifier = takeIdentifier() else { throw .queueFull }
        lastRequest += 1
        let request = ClientRequest(number: lastRequest)
        var pending = PendingRequest(
            request: request,
            kind: kind,
            properties: properties,
            wantedIdentifier: identifier
        )
        if isConnected || (link != nil && configuration.speaksEarly) {
            do throws(MQTTError) {
                pending.packetIdentifier = try send(pending)
            } catch {
                sending.giveBackIdentifier(last: last)
                throw error
            }
        }
        requests.append(pending)
        return request
    }

    /// A packet identifier for something else than a message of the window; nil when all are in use.
    package func takeIdentifier() -> UInt16? {
        sending.takeIdentifier { identifier in
            !requests.contains { $0.wantedIdentifier == identifier }
        }
    }

    /// The packet identifier of a request that is not answered; nil for one that is.
    package func packetIdentifier(of request: ClientRequest) -> UInt16? {
        requests.first { $0.request == request }?.wantedIdentifier
    }

    private func send(_ pending: PendingRequest) throws(MQTTError) -> UInt16 {
        guard let link else { throw .notConnected }
        let now = reactor.now
        do throws(RequestError) {
            return try link.say { machine, output throws(RequestError) in
                switch pending.kind {
                case .subscribe(let filters):
                    try machine.subscribe(
                        filters,
                        properties: pending.properties,
                        packetIdentifier: pending.wantedIdentifier,
                        sending,
                        now: now,
                        output: &output
                    )
                case .unsubscribe(let filters):
                    try machine.unsubscribe(
                        filters,
                        properties: pending.properties,
                        packetIdentifier: pending.wantedIdentifier,
                        sending,
                        now: now,
                        output: &output
                    )
                }
            }
        } catch {
            switch error {
            case .notConnected: throw .notConnected
            case .invalidFilter: throw .invalidTopic("")
            case .notAvailable: throw .notAvailable
            case .tooLarge: throw .packetTooLarge
            case .noIdentifier: throw .queueFull
            }
        }
    }

    /// Sends the requests that wait for a connection.
    func sendRequests() {
        var failed: [(ClientRequest, MQTTError)] = []
        for index in requests.indices where requests[index].packetIdentifier == nil {
            do throws(MQTTError) {
                requests[index].packetIdentifier = try send(requests[index])
            } catch {
                if let request = requests[index].request { failed.append((request, error)) }
            }
        }
        requests.removeAll { $0.packetIdentifier == nil }
        for (request, error) in failed { delegate?.client(self, gaveUp: request, error) }
    }

    /// Those that an ended connection has not answered are asked again.
    func forgetRequestIdentifiers() {
        requests.removeAll { $0.request == nil }
        for index in requests.indices { requests[index].packetIdentifier = nil }
    }

    /// Nobody will answer.
    func failRequests(_ error: MQTTError) {
        let failed = requests
        requests = []
        for pending in failed {
            if let request = pending.request { delegate?.client(self, gaveUp: request, error) }
        }
    }

    /// The server has answered a request.
    func answered(_ identifier: UInt16, _ codes: [ReasonCode]) {
        guard let index = requests.firstIndex(where: { $0.packetIdentifier == identifier }) else {
            return
        }
        let pending = requests.remove(at: index)
        switch pending.kind {
        case .subscribe(let filters):
            for (entry, code) in zip(filters, codes) {
                if code.isError {
                    subscriptions.remove(entry.filter)
                } else {
                    subscriptions.set(entry.filter, entry.options, pending.properties)
                }
            }
        case .unsubscribe(let filters):
            for (index, filter) in filters.enumerated()
            where index >= codes.count || !codes[index].isError {
                subscriptions.remove(filter)
            }
        }
        delegate?.client(
            self,
            answered: pending.request,
            packetIdentifier: identifier,
            codes.map { MQTTReasonCode($0) }
        )
    }

    /// The server has lost the session: what was subscribed to is asked for again.
    func renewSubscriptions() {
        for (filters, properties) in subscriptions.packets {
            guard let identifier = takeIdentifier() else { return }
            requests.insert(
                PendingRequest(
                    request: nil,
                    kind: .subscribe(filters),
                    properties: properties,
                    wantedIdentifier: identifier
                ),
                at: 0
            )
        }
    }
}
