// SPDX-License-Identifier: Apache-2.0
// A worker does something about the clients that are meant.

import MQTT

/// A worker does something about the clients that are meant, some in each step.
///
/// Who is let in while that goes on was not meant and stays.
final class SessionsWalk {
    /// What one step does at most: connections closed and sessions ended, and sessions looked at.
    private static let doneMax = 4
    private static let stepMax: UInt32 = 256

    private let filter: ClientFilter
    /// Who is not meant whatever the filter says: the one who asks.
    private let exception: String
    private let action: ClientAction
    private let isDryRun: Bool
    private let slotEnd: UInt32
    private let entryEnd: Int
    private var slot: UInt32 = 0
    private var part = ClientActionPart()

    init(
        _ worker: Worker,
        _ filter: ClientFilter,
        but exception: String,
        _ action: ClientAction,
        isDryRun: Bool
    ) {
        self.filter = filter
        self.exception = exception
        self.action = action
        self.isDryRun = isDryRun
        slotEnd = worker.sessions.slotEnd
        entryEnd = worker.entryCount
    }

    /// Does a piece of the work; the part when it is done.
    func step(_ worker: Worker) -> ClientActionPart? {
        let end = min(slotEnd, slot + Self.stepMax)
        var doneCount = 0
        while slot < end, doneCount < Self.doneMax {
            if let session = worker.sessions[slot: slot], isMeant(session) {
                part.count += 1
                if part.names.count < ClientActionPart.namedMax {
                    part.names.append(session.identity.clientIdentifier)
                }
                if !isDryRun {
                    action.perform(on: session)
                    doneCount += 1
                }
            }
            slot += 1
        }
        return slot >= slotEnd ? part : nil
    }

    private func isMeant(_ session: Session) -> Bool {
        if let peer = session.peer, peer.entryNumber >= entryEnd { return false }
        if case .disconnect = action, session.peer == nil { return false }
        let identity = session.identity
        guard !identity.isOwnBridge else { return false }
        var name = identity.clientIdentifier
        guard !name.hasSameBytes(as: exception) else { return false }
        return name.withUTF8 { filter.includes(session, $0) }
    }
}
