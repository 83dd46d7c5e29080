// SPDX-License-Identifier: Apache-2.0
// A publisher that is faster than a subscriber's worker is not read from for a while.

import Net

extension Worker {
    /// Stops reading from the client that publishes a batch, until another worker has caught up with
    /// what it has been sent.
    func park(_ batch: PublishBatch, behind worker: Int) {
        let sender = batch.sender?.takeUnretainedValue()
        let client = sender ?? batch.decidedClient ?? sessions[batch.publisher]?.client
        if let client { park(client, behind: worker) }
    }

    /// Stops reading from a client for which plugins have published, until no worker is behind.
    func parkIfBehind(_ client: Client) {
        guard let worker = broker.workers.firstIndex(where: { $0.backpressure.isHigh }) else {
            return
        }
        park(client, behind: worker)
    }

    private func park(_ client: Client, behind worker: Int) {
        guard client.stage == .connected else { return }
        client.connection?.pauseReading()
        if !client.isParked {
            client.isParked = true
            parkedClients.append(client)
        }
        if broker.workers[worker].backpressure.await(by: index) {
            postpone { [self] in unparkClients() }
        }
    }

    /// Reads again from all clients that were parked, whatever for; who is still too fast is parked
    /// anew.
    func unparkClients() {
        let clients = parkedClients
        parkedClients = []
        for client in clients {
            client.isParked = false
            client.resumeReading()
        }
    }

    /// A batch of another worker has been delivered.
    func noteDelivered(byteCount: Int) {
        for waiting in mailbox.backpressure.remove(byteCount) {
            broker.workers[waiting].post { $0.unparkClients() }
        }
    }
}
