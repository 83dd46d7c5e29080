// SPDX-License-Identifier: Apache-2.0
// Asks `/etc/hosts.allow` and `/etc/hosts.deny` about new connections, off the reactors.

import CWrap
package import Net
import Synchronization

/// Asks the rules of hosts_access(5) about new connections.
///
/// The library is not thread-safe, reads both files each time and may look names up or start programs,
/// for which seconds may pass. So a thread of its own, `tcpd`, asks about one connection at a time, in
/// the order of their coming; the connections wait meanwhile, and nobody else does. The thread is
/// there while somebody waits. Where neither file has a rule that may concern the broker, nothing is asked:
/// a reactor only looks whether the files have changed.
package final class HostAccess: Sendable {
    /// What becomes of a connection that is to be asked about.
    package enum Answer: Sendable {
        /// It is asked about.
        case later
        /// So many wait that this one cannot.
        case full
    }

    fileprivate struct Question: Sendable {
        let descriptor: CInt
        let network: PeerNetwork?
        let conclude: @Sendable (Bool) -> Void
    }

    fileprivate struct Line {
        var questions: [Question] = []
        var counts: [PeerNetwork: Int] = [:]
        var isServed = false
    }

    /// What the files were like when they were read last; nil while that is not known for sure.
    private struct Known {
        var stamps: [HostFile.Stamp]?
        var hasRules = true
    }

    /// Connections that wait at most, and such of one network.
    package static let waitingMax = 1000
    package static let waitingOfNetworkMax = 100

    private let files: [HostFile]
    private let allows: @Sendable (CInt) -> Bool
    private let known = Mutex(Known())
    private let line = Mutex(Line())

    /// Reads the two files once.
    ///
    /// - Parameter allows: what decides about a connection by its descriptor, on one thread at a time
    package init(
        paths: [String] = ["/etc/hosts.allow", "/etc/hosts.deny"],
        allows: @escaping @Sendable (CInt) -> Bool = { cwrap_allows($0, HostRules.daemon) != 0 }
    ) {
        files = paths.map { HostFile(path: $0) }
        self.allows = allows
        _ = readFiles()
    }

    /// Whether there may be a rule about the broker, as the files are now.
    package var hasRules: Bool {
        let known = known.withLock { $0 }
        guard !known.hasRules, let stamps = known.stamps else { return true }
        return !files.indices.allSatisfy { files[$0].stamp == stamps[$0] }
    }

    /// Asks about a connection of some network.
    ///
    /// - Parameters:
    ///   - descriptor: its socket, which `conclude` must keep open
    ///   - conclude: gets the answer, on another thread
    package func ask(
        _ descriptor: CInt,
        of network: PeerNetwork?,
        _ conclude: @escaping @Sendable (Bool) -> Void
    ) -> Answer {
        let question = Question(descriptor: descriptor, network: network, conclude: conclude)
        let (answer, mustStart) = line.withLock { line in line.take(question) }
        guard mustStart else { return answer }
        guard let thread = try? Thread(named: "tcpd", { [self] in serve() }) else {
            // Nobody is let in unasked.
            line.withLock { $0 = Line() }
            return .full
        }
        thread.detach()
        return answer
    }

    // MARK: The thread

    private func serve() {
        while let question = line.withLock({ $0.next() }) {
            // Rules that are gone by now say nothing.
            question.conclude(!readFiles() || allows(question.descriptor))
        }
    }

    /// Brings what is known of the files up to date; returns whether there may be a rule.
    private func readFiles() -> Bool {
        let stamps = files.map(\.stamp)
        let isKnown = known.withLock { $0.stamps == stamps }
        if isKnown { return known.withLock { $0.hasRules } }
        let hasRules = files.contains { $0.concerns(HostRules.daemon) }
        let isSettled = zip(files, stamps).allSatisfy { $0.isSettled($1) }
        known.withLock { $0 = Known(stamps: isSettled ? stamps : nil, hasRules: hasRules) }
        return hasRules
    }
}

extension HostAccess.Line {
    /// Takes a question, if there is room for one more; says whether a thread must be started for it.
    fileprivate mutating func take(
        _ question: HostAccess.Question
    ) -> (HostAccess.Answer, mustStart: Bool) {
        guard questions.count < HostAccess.waitingMax else { return (.full, false) }
        if let network = question.network {
            guard counts[network, default: 0] < HostAccess.waitingOfNetworkMax else {
                return (.full, false)
            }
            counts[network, default: 0] += 1
        }
        questions.append(question)
        defer { isServed = true }
        return (.later, !isServed)
    }

    /// The question that has waited longest; nil, and nobody serves any more, when there is none.
    fileprivate mutating func next() -> HostAccess.Question? {
        guard !questions.isEmpty else {
            isServed = false
            return nil
        }
        let question = questions.removeFirst()
        if let network = question.network {
            let count = counts[network, default: 1] - 1
            counts[network] = count == 0 ? nil : count
        }
        assert(counts.values.reduce(0, +) <= questions.count, "each that waits is counted once")
        return question
    }
}
