// SPDX-License-Identifier: Apache-2.0
// What was given back is known; what of it nobody needs is told.

import CMosquitto
import Core

extension PersistenceTeller {
    /// Notes who refers to what was given back, and tells which messages are over.
    func adopt(_ restored: RestoredState, _ snapshot: CallbackSnapshot) {
        let retained = Set(restored.retainedNumbers)
        for (number, count) in restored.referenceCounts {
            for index in 0..<count {
                _ = fields.pointee.references.add(
                    number,
                    isRetained: index == 0 && retained.contains(number)
                )
            }
        }
        tellAll(snapshot) {
            for number in restored.expired {
                if let message = restored.message(number) { tellCleared(message) }
            }
            for name in restored.endedWills { tellWillDeleted(name) }
            for number in restored.unreferenced { tellBaseDeleted(number) }
        }
    }

    private func tellWillDeleted(_ name: String) {
        var event = mosquitto_evt_persist_will_msg()
        name.withCString { name in
            event.data.clientid = name
            withUnsafeMutableBytes(of: &event) { bytes in
                guard let place = bytes.baseAddress else { return }
                call(.persistWillDelete, as: .persistWillAdd, place)
            }
        }
    }
}
