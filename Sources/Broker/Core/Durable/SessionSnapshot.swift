// SPDX-License-Identifier: Apache-2.0
// Sessions and retained messages at one moment.

import Inflight
import MQTT

/// A session at one moment, with its messages.
struct SessionSnapshot: Sendable {
    /// Messages are numbered by where they are in memory.
    var session: StoredSession
    /// Those the image names; they stay where they are while this lives.
    var messages: [Message]

    /// A session as it is now.
    ///
    /// Constant cost for each message; none is copied.
    init(_ session: Session, _ clock: WallClock) {
        var messages: [Message] = []
        let image = session.image { message in
            messages.append(message)
            return message.address
        }
        self.session = StoredSession(
            image: image,
            listenerPort: session.identity.storedListenerPort,
            detachedAt: session.detachedAt.map(clock.second)
        )
        self.messages = messages
    }
}

/// All that is to be saved, collected from all workers.
///
/// In pieces, so that none of those who collect ever moves much at once.
package struct StateSnapshot: Sendable {
    var sessions: [[SessionSnapshot]] = []
    var retained: [[Message]] = []

    mutating func add(_ other: StateSnapshot) {
        sessions += other.sessions
        retained += other.retained
    }
}

extension Message {
    /// Where it is in memory: its number among others that live at the same time.
    var address: MessageNumber {
        MessageNumber(UInt(bitPattern: Unmanaged.passUnretained(storage).toOpaque()))
    }
}
