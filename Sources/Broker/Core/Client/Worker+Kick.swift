// SPDX-License-Identifier: Apache-2.0
// Closing very many connections because a plugin asks for it.

import Topics

extension Worker {
    /// What one step does at most: connections closed, each with a system call or two and perhaps a
    /// will, and slots of sessions looked at.
    private static let kickedAtOnceMax = 4
    private static let slotsAtOnceMax: UInt32 = 256

    /// Closes the connections for which `isWanted` holds: the first ones now, more in slices.
    ///
    /// Who is let in while that goes on was not meant and stays.
    func kickAll(publishesWill: Bool, where isWanted: @escaping (ClientIdentity) -> Bool) {
        let entryEnd = entryCount
        let slotEnd = sessions.slotEnd
        var slot: UInt32 = 0
        func kickSlice() -> Bool {
            let end = min(slot + Self.slotsAtOnceMax, slotEnd)
            var kickedCount = 0
            while slot < end, kickedCount < Self.kickedAtOnceMax {
                if let session = sessions[slot: slot], let client = session.client,
                    client.entryNumber < entryEnd, isWanted(session.identity)
                {
                    kick(session, publishesWill: publishesWill)
                    kickedCount += 1
                }
                slot += 1
            }
            assert(slot <= slotEnd, "there was nobody in later slots")
            return slot == slotEnd
        }
        if !kickSlice() { slices.add(kickSlice) }
    }
}
