// SPDX-License-Identifier: Apache-2.0
// The end of input: what has begun is finished, nothing new begins.

extension Reactor {
    /// From now on nothing is read and nobody accepted; output, mail and deadlines go on.
    ///
    /// For the end of the process: whatever a peer sends now has never arrived.
    package func stopReading() {
        isReadingOver = true
        for slot in sources.slots {
            switch sources.source(slot) {
            case .connection(let connection): connection.pauseReading()
            case .listener(let listener): forget(descriptor: listener.rawValue)
            default: break
            }
        }
    }
}
