// SPDX-License-Identifier: Apache-2.0
// A ring of answers on the broker's side: what has come there, and what has yet to come.

import Core
import Isolation
import Synchronization

/// A ring of answers on the broker's side: what has come there, and what was asked that is answered there.
///
/// Its worker reads it, and the keeper when a process ends, so hardly anybody ever waits for the lock.
final class AnswerRing: Sendable {
    struct State: ~Copyable {
        /// The memory of the process that runs; nil while none does.
        var memory: HelperMemory?
        var reader: RingReader?
        var arming: UInt64 = 1
        /// What was asked and not answered, in the order of asking.
        var pending = UnsafeQueue<Asked>()
        /// What is to be read before anything in the ring.
        var collected: [HelperItem] = []
        var input: [UInt8] = []
    }

    let number: Int
    let isService: Bool
    let state = Mutex(State())
    /// Records that are read at once at most.
    static let batchMax = 4096

    init(_ number: Int, isService: Bool) {
        self.number = number
        self.isService = isService
    }

    /// A process begins to write.
    func begin(_ memory: HelperMemory) {
        state.withLock { state in
            state.memory = memory
            state.reader = RingReader(
                memory.channel.answerRing(number),
                recordMax: IsolatedPlugin.recordMax
            )
            state.arming = 1
        }
    }

    /// Takes out what has come, in order; only on the thread whose ring it is.
    ///
    /// - Parameter reads: whether the ring is read, too
    /// - Returns: whether more may be there
    func collect(into items: inout UnsafeQueue<HelperItem>, reads: Bool) throws(Nonsense) -> Bool {
        let result = state.withLock { state -> Result<Bool, Nonsense> in
            for item in state.collected { items.append(item) }
            state.collected.removeAll()
            guard reads, let memory = state.memory else { return .success(false) }
            return Result { () throws(Nonsense) in
                while items.count < Self.batchMax {
                    try drain(into: &items, &state)
                    state.arming += 1
                    memory.channel.questionWord(memory.channel.layout.arming(number)).pointee
                        .store(state.arming, ordering: .sequentiallyConsistent)
                    memory.wakeIfFull(number)
                    if state.reader?.isEmpty != false { return false }
                }
                return true
            }
        }
        return try result.get()
    }

    private func drain(
        into items: inout UnsafeQueue<HelperItem>,
        _ state: inout State
    ) throws(Nonsense) {
        defer { state.reader?.publish() }
        while items.count < Self.batchMax {
            if let answer = try state.reader?.nextPlain() {
                guard state.pending.withFirst({ $0.serial }) == answer.serial,
                    let asked = state.pending.removeFirst()
                else { throw Nonsense.serial }
                items.append(.plain(consume asked, answer))
            } else if try state.reader?.next(&state.input) == true {
                items.append(try item(AnswerRecord(state.input), &state))
            } else {
                return
            }
        }
    }

    private func item(
        _ record: AnswerRecord,
        _ state: inout State
    ) throws(Nonsense) -> HelperItem {
        switch record {
        case .answer(let serial, let answer):
            guard state.pending.withFirst({ $0.serial }) == serial,
                let asked = state.pending.removeFirst()
            else { throw Nonsense.serial }
            return .answered(asked, answer)
        case .told(.userName(let number, let name)):
            let client = state.pending.first?.client
            let isAboutIt = client.map { ClientRecord.of($0).number == number } ?? false
            return .named(isAboutIt ? client : nil, number: number, name)
        case .told(let told): return .told(told)
        case .ready(let code, let lines):
            guard isService else { throw Nonsense.place }
            return .ready(code: code, lines: lines)
        case .request(let request):
            guard isService else { throw Nonsense.place }
            return .request(request)
        }
    }

    /// The process is no more: reads what it has written, unless that was nonsense.
    ///
    /// Its requests need no reply.
    func end(wasNonsense: Bool) {
        state.withLock { state in
            while !wasNonsense {
                var items = UnsafeQueue<HelperItem>()
                let isRead: Void? = try? drain(into: &items, &state)
                if isRead == nil || items.isEmpty { break }
                while let item = items.removeFirst() {
                    switch item {
                    case .request, .ready: break
                    default: state.collected.append(item)
                    }
                }
            }
            state.memory = nil
            state.reader = nil
        }
    }

    /// Whether something waits to be collected although no process has written it.
    var hasCollected: Bool { state.withLock { !$0.collected.isEmpty } }

    /// What was asked and not answered.
    var pendingCount: Int { state.withLock { $0.pending.count } }

    /// The client of a number, if a question about it is pending.
    func client(_ number: UInt64) -> ClientIdentity? {
        state.withLock { $0.pending.all }.lazy.compactMap(\.client).first {
            ClientRecord.of($0).number == number
        }
    }
}
