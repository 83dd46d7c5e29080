// SPDX-License-Identifier: Apache-2.0
// What a worker keeps about its questions to plugins in processes of their own.

import Core
import Isolation
import Synchronization

/// What a worker keeps about its questions to plugins in processes of their own.
///
/// What it asks is put together here, and handed over once a turn: no lock is taken for each question.
///
/// `@unchecked Sendable`: touched on the thread of its worker alone.
final class WorkerDesk: @unchecked Sendable {
    /// What one plugin is to be asked.
    private final class Outgoing {
        let plugin: LoadedPlugin
        let isolated: IsolatedPlugin
        /// Lives as long as this.
        let asked: UnsafeMutablePointer<UnsafeQueue<Asked>>

        init(_ plugin: LoadedPlugin, _ isolated: IsolatedPlugin) {
            self.plugin = plugin
            self.isolated = isolated
            asked = .allocate(capacity: 1)
            asked.initialize(to: UnsafeQueue())
        }

        deinit {
            asked.deinitialize(count: 1)
            asked.deallocate()
        }

        func flush() {
            if !asked.pointee.isEmpty { isolated.ask(&asked.pointee) }
        }
    }

    /// The order of answers; lives as long as this.
    let order: UnsafeMutablePointer<AnswerOrder>
    /// Batches of answers that go through the mailbox, behind what plugins have published before; later
    /// ones must not overtake them.
    var mailedCount = 0
    private var outgoing: [Outgoing] = []
    /// The one that was used last.
    private var latest: Unmanaged<Outgoing>?
    /// Questions that wait for the end of the turn at most: the process may begin meanwhile.
    private static let waitingMax = 512

    init() {
        order = .allocate(capacity: 1)
        order.initialize(to: AnswerOrder())
    }

    deinit {
        order.deinitialize(count: 1)
        order.deallocate()
    }

    /// A plugin is asked something, which says where it is answered, at the end of the turn, with `flush`.
    ///
    /// - Returns: the answer if there is one at once, because the plugin cannot be asked
    @inline(__always)
    func ask(_ asked: consuming Asked) -> Answer? {
        let plugin = Unmanaged.passUnretained(asked.callback.plugin).toOpaque()
        let outgoing = outgoing(of: plugin)
        let (queue, isFailing) = outgoing._withUnsafeGuaranteedRef {
            ($0.asked, $0.isolated.isFailing.load(ordering: .acquiring))
        }
        if isFailing {
            let question = asked.question
            return outgoing._withUnsafeGuaranteedRef { $0.isolated.failure(of: question) }
        }
        queue.pointee.append(asked)
        if queue.pointee.count >= Self.waitingMax {
            outgoing._withUnsafeGuaranteedRef { $0.flush() }
        }
        return nil
    }

    @inline(__always)
    private func outgoing(of plugin: UnsafeMutableRawPointer) -> Unmanaged<Outgoing> {
        if let latest, latest._withUnsafeGuaranteedRef({ Self.address(of: $0) }) == plugin {
            return latest
        }
        return find(plugin)
    }

    private static func address(of outgoing: Outgoing) -> UnsafeMutableRawPointer {
        Unmanaged.passUnretained(outgoing.plugin).toOpaque()
    }

    private func find(_ plugin: UnsafeMutableRawPointer) -> Unmanaged<Outgoing> {
        let found: Outgoing
        if let known = outgoing.first(where: { Self.address(of: $0) == plugin }) {
            found = known
        } else {
            let plugin = Unmanaged<LoadedPlugin>.fromOpaque(plugin).takeUnretainedValue()
            guard let isolated = plugin.isolated else {
                preconditionFailure("who is in the broker's own process is called")
            }
            found = Outgoing(plugin, isolated)
            outgoing.append(found)
        }
        latest = Unmanaged.passUnretained(found)
        return Unmanaged.passUnretained(found)
    }

    /// Asks what was added, and wakes the processes.
    func flush() { for outgoing in outgoing { outgoing.flush() } }
}
