// SPDX-License-Identifier: Apache-2.0
// A publisher that is faster than a subscriber's worker is not read from for a while.

import Net

extension Worker {
    /// Stops reading from the client that publishes a batch, until another worker has caught up with
    /// what it has been sent.
    func park(_ batch: PublishBatch, behind worker: Int) {
        let sender = batch.sender?.takeUnretainedValue()
        let peer = sender ?? batch.decidedPeer ?? sessions[batch.publisher]?.peer
        if let peer { park(peer, behind: worker) }
    }

    /// Stops reading from a client for which plugins have published, until the worker that is behind has caught up.
    func parkIfBehind(_ peer: SessionPeer) {
        guard let worker = broker.workers.firstIndex(where: { $0.backpressure.isHigh }) else {
            return
        }
        park(peer, behind: worker)
    }

    private func park(_ peer: SessionPeer, behind worker: Int) {
        guard peer.stage == .connected else { return }
        peer.connection?.pauseReading()
        if !peer.isParked {
            peer.isParked = true
            parkedPeers.append(peer)
        }
        if broker.workers[worker].backpressure.await(by: index) {
            postpone { [self] in unparkClients() }
        }
    }

    /// Reads again from all clients that were parked, whatever for; who is still too fast is parked
    /// anew.
    func unparkClients() {
        let peers = parkedPeers
        parkedPeers = []
        for peer in peers {
            peer.isParked = false
            peer.resumeReading()
        }
    }

    /// A batch of another worker, or what a plugin has published on a reactor, has been delivered.
    func noteDelivered(byteCount: Int) {
        for waiting in mailbox.backpressure.remove(byteCount) {
            broker.workers[waiting].post { $0.unparkClients() }
        }
    }
}
