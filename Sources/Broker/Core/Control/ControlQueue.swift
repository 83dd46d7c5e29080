// SPDX-License-Identifier: Apache-2.0
// Requests that wait for their turn.

/// Requests of the control API that wait; pure.
///
/// Those of one client are carried out one after the other, those of several beside each other, as
/// many as `runningMax`.
struct ControlQueue {
    /// A request as it came.
    struct Request: Equatable {
        let payload: [UInt8]
        let actor: ControlActor
    }

    /// Clients whose requests are carried out at a time.
    static let runningMax = 8
    /// What may wait.
    static let waitingMax = 256
    static let waitingBytesMax = 16 << 20

    private var waiting: [Request] = []
    private var waitingBytes = 0
    private var running: Set<String> = []

    /// Takes a request in; false if too much waits.
    mutating func add(_ request: Request) -> Bool {
        guard waiting.count < Self.waitingMax,
            waiting.isEmpty || waitingBytes + request.payload.count <= Self.waitingBytesMax
        else { return false }
        waiting.append(request)
        waitingBytes += request.payload.count
        return true
    }

    /// The next request whose turn it is; it runs from now on.
    mutating func next() -> Request? {
        guard running.count < Self.runningMax else { return nil }
        let place = waiting.firstIndex { !running.contains($0.actor.clientIdentifier) }
        guard let place else { return nil }
        let request = waiting.remove(at: place)
        waitingBytes -= request.payload.count
        running.insert(request.actor.clientIdentifier)
        return request
    }

    /// A request has been carried out.
    mutating func end(_ request: Request) {
        let wasRunning = running.remove(request.actor.clientIdentifier) != nil
        assert(wasRunning, "what ends was begun")
    }
}
