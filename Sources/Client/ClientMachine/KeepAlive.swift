// SPDX-License-Identifier: Apache-2.0
// When a client has to be heard, and when its server is gone.

/// The keep alive of one connection, seen from the client (5.0 section 3.1.2.10); times are
/// milliseconds of any clock that only goes forward.
///
/// PINGREQ is due when for one interval nothing was sent or nothing was received, and the server is
/// gone when another one has passed since without a byte of it. [MQTT-3.1.2-20]
struct KeepAlive {
    private let interval: Int64
    private var lastSent: Int64
    private var lastReceived: Int64
    private var pingSent: Int64?

    /// Begins now; an interval of 0 seconds means none.
    init(seconds: UInt16, now: Int64) {
        interval = Int64(seconds) * 1000
        lastSent = now
        lastReceived = now
    }

    /// What is to be done.
    enum Need {
        case nothing
        case ping
        /// The server has not answered.
        case end
    }

    /// When `need` may be another one; nil: never.
    var deadline: Int64? {
        guard interval > 0 else { return nil }
        guard let pingSent else { return min(lastSent, lastReceived) + interval }
        return max(pingSent, lastReceived) + interval
    }

    /// What is to be done at this time.
    func need(at now: Int64) -> Need {
        guard let deadline, now >= deadline else { return .nothing }
        return pingSent == nil ? .ping : .end
    }

    mutating func noteSent(_ now: Int64) { lastSent = max(lastSent, now) }

    mutating func noteReceived(_ now: Int64) { lastReceived = max(lastReceived, now) }

    mutating func notePing(_ now: Int64) { pingSent = now }

    /// What the server sends is not read: it counts as alive, and is shown that the client is.
    mutating func noteUnread(_ now: Int64) {
        pingSent = nil
        lastReceived = max(lastReceived, now)
    }

    /// PINGRESP has come.
    mutating func notePong() { pingSent = nil }
}
