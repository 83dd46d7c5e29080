// SPDX-License-Identifier: Apache-2.0
// Compares what a log has with what clients were promised.

extension PowerCutLedger {
    /// What is wrong with what a log has after a cut.
    ///
    /// `isPromised`: nothing promised may be missing. Else it may be the state of an earlier moment,
    /// which has no holes either.
    func complaints(_ picture: PowerCutPicture, cut: Int, isPromised: Bool) -> [String] {
        var found: [String] = []
        for letter in letters {
            found += manifold(letter, picture)
            if isPromised { found += loss(letter, picture, cut) }
        }
        found += holes(picture, cut)
        guard isPromised else { return found }
        for (client, since) in sessions where since <= cut && picture.sessions[client] == nil {
            found.append("the session of \(client) is not there")
        }
        return found + subscriptionLosses(picture, cut) + retainedLosses(picture, cut)
    }

    /// Whether a client has, or has been done with, a message.
    private func has(
        _ client: String,
        _ letter: Letter,
        _ picture: PowerCutPicture,
        _ cut: Int
    ) -> Bool {
        picture.count(of: letter.key, with: client) > 0
            || letter.takings[client].map { $0.answeredAt <= cut } ?? false
    }

    // MARK: Messages

    /// Of QoS 2 there is each message once; so is a will.
    private func manifold(_ letter: Letter, _ picture: PowerCutPicture) -> [String] {
        guard letter.qos == 2 || letter.place.isWill || !letter.isRepeated else { return [] }
        var before = picture.isReceived(letter.key, from: letter.publisher) ? 1 : 0
        if picture.sessions[letter.publisher]?.will == letter.key { before += 1 }
        let counts = picture.sessions.keys.map { picture.count(of: letter.key, with: $0) }
        let count = letter.place.isGroup ? counts.reduce(0, +) : counts.max() ?? 0
        return before + count > 1
            ? ["\(letter.key) is there \(before) times before, \(count) times after release"] : []
    }

    private func loss(_ letter: Letter, _ picture: PowerCutPicture, _ cut: Int) -> [String] {
        var found: [String] = []
        for (client, taking) in letter.takings {
            found += states(letter, taking, client, picture, cut)
        }
        guard letter.promisedAt <= cut else { return found }
        if letter.place.isWill {
            // Its client may have taken it back.
            if letter.releasedAt <= cut { return found }
            if picture.sessions[letter.publisher]?.will == letter.key { return found }
        } else if letter.qos == 2 {
            let isReceived = picture.isReceived(letter.key, from: letter.publisher)
            if letter.completedAt <= cut, isReceived {
                found.append("\(letter.key) waits for its PUBREL after PUBCOMP")
            }
            if isReceived { return found }
            if letter.releasedAt > cut { return found + ["\(letter.key) is not received"] }
        }
        if letter.place.isGroup {
            // One who had no SUBACK yet may have got it too.
            let takers = Set(picture.sessions.keys).union(letter.takings.keys)
            let isThere = takers.contains { has($0, letter, picture, cut) }
            return found
                + (isThere || letter.owed.isEmpty
                    ? [] : ["\(letter.key) is with nobody of its group"])
        }
        let missing = letter.owed.filter { !has($0, letter, picture, cut) }
        return found + missing.map { "\(letter.key) is lost for \($0)" }
    }

    /// A packet identifier that was used is not forgotten, nor that a message was released.
    private func states(
        _ letter: Letter,
        _ taking: Taking,
        _ client: String,
        _ picture: PowerCutPicture,
        _ cut: Int
    ) -> [String] {
        guard taking.qos == 2, taking.cameAt <= cut else { return [] }
        let delivery = picture.sessions[client]?.outgoing.first { $0.key == letter.key }
        if taking.releasedAt <= cut {
            if let delivery, !delivery.isReleased || delivery.identifier != taking.identifier {
                return ["\(letter.key) would come to \(client) again"]
            }
            return delivery == nil && taking.completedAt > cut
                ? ["PUBREL of \(letter.key) to \(client) is forgotten"] : []
        }
        return delivery?.identifier == taking.identifier
            ? [] : ["the identifier of \(letter.key) to \(client) is forgotten"]
    }

    /// Who has a message of a publisher has, or has had, all earlier ones.
    private func holes(_ picture: PowerCutPicture, _ cut: Int) -> [String] {
        var found: [String] = []
        for (client, session) in picture.sessions {
            let there = Set(session.outgoing.map(\.key))
            // Publishers of whom it has a message that was sent later.
            var known: Set<String> = []
            for letter in letters.reversed() where letter.place.isForAll {
                if there.contains(letter.key) {
                    known.insert(letter.publisher)
                } else if known.contains(letter.publisher), letter.owed.contains(client),
                    !has(client, letter, picture, cut)
                {
                    found.append("\(client) has a message behind \(letter.key), and not that")
                }
            }
        }
        return found
    }

    // MARK: All else

    private func subscriptionLosses(_ picture: PowerCutPicture, _ cut: Int) -> [String] {
        var found: [String] = []
        for (client, filters) in subscriptions {
            for (filter, changes) in filters {
                guard let last = changes.lastIndex(where: { $0.promisedAt <= cut }) else {
                    continue
                }
                let isThere = picture.sessions[client]?.filters.contains(filter) ?? false
                let isKnown = changes[last...].contains { change in
                    change.isSo == isThere && (change.promisedAt <= cut || change.askedAt <= cut)
                }
                if !isKnown { found.append("\(client) \(filter): \(isThere) is wrong") }
            }
        }
        return found
    }

    private func retainedLosses(_ picture: PowerCutPicture, _ cut: Int) -> [String] {
        var found: [String] = []
        for publisher in sessions.keys {
            let sent = letters.filter { $0.publisher == publisher && $0.place.isRetained }
            let last = sent.lastIndex { letter in
                (letter.qos == 2 ? letter.completedAt : letter.promisedAt) <= cut
            }
            guard let last else { continue }
            let there = picture.retained["r/\(publisher)"]
            let isKnown = sent[last...].contains { letter in
                letter.place.isCleared ? there == nil : there == letter.key
            }
            if !isKnown { found.append("r/\(publisher) is \(there ?? "nothing")") }
        }
        return found
    }
}

extension PowerCutLedger.Place {
    var isWill: Bool { if case .will = self { true } else { false } }
    var isGroup: Bool { if case .group = self { true } else { false } }
    var isForAll: Bool { if case .all = self { true } else { false } }
    var isCleared: Bool { if case .cleared = self { true } else { false } }
    var isRetained: Bool {
        switch self {
        case .retained, .cleared: true
        case .all, .group, .will: false
        }
    }
}
