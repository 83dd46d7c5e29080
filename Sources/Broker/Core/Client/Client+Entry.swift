// SPDX-License-Identifier: Apache-2.0
// CONNACK that has to wait.

import MQTT
import Net

extension Client {
    /// CONNACK waits: no further packet is read before it has gone out, and the client is given up
    /// when its time to come in is over.
    func waitForEntry(_ enter: @escaping () -> Void) {
        assert(loginDueAt > 0, "who comes in has a deadline")
        heldEntry = enter
        stage = .entering
        connection?.pauseReading(noticesHangUp: true)
        connection?.setDeadline(loginDueAt + 1)
    }
}
