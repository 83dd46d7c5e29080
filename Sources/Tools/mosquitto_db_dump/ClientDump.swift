// SPDX-License-Identifier: Apache-2.0
// What each client of a file has.

import Inflight
import Persist

/// Counts what each client has (`--client-stats`), in the order in which the file names them.
///
/// Sizes are those of the records; a message counts with each client that is to get it.
struct ClientDump: DatabaseReceiver {
    private struct Figures {
        let identifier: String
        var subscriptions = 0
        var subscriptionBytes = 0
        var messages = 0
        var messageBytes = 0
    }

    private var clients: [Figures] = []
    private var places: [String: Int] = [:]
    private var messageSizes: [MessageNumber: Int] = [:]
    private var byteCount = 0

    mutating func willReceive(_ chunk: DatabaseChunk) { byteCount = Int(chunk.byteCount) }

    mutating func receive(_ configuration: DatabaseConfiguration) {}

    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        messageSizes[message.number] = byteCount
    }

    mutating func receive(_ client: DatabaseClient) {
        guard places[client.clientIdentifier] == nil else { return }
        places[client.clientIdentifier] = clients.count
        clients.append(Figures(identifier: client.clientIdentifier))
    }

    mutating func receive(_ delivery: DatabaseDelivery) {
        guard let place = places[delivery.clientIdentifier] else { return }
        clients[place].messages += 1
        clients[place].messageBytes += byteCount + messageSizes[delivery.message, default: 0]
    }

    mutating func receive(_ subscription: DatabaseSubscription) {
        guard let place = places[subscription.clientIdentifier] else { return }
        clients[place].subscriptions += 1
        clients[place].subscriptionBytes += byteCount
    }

    mutating func receive(retained number: MessageNumber) {}
    mutating func receive(_ notice: DatabaseNotice) { DumpNotices.say(notice) }

    /// A line for each client.
    var text: String {
        clients.map { client in
            "SC: \(client.subscriptions) SS: \(client.subscriptionBytes) MC: \(client.messages) "
                + "MS: \(client.messageBytes)   \(client.identifier)\n"
        }
        .joined()
    }
}
