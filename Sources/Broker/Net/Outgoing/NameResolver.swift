// SPDX-License-Identifier: Apache-2.0
// Looks names up off the reactors.

import Synchronization

/// Looks names up on threads of its own, which are there while something is to be looked up.
///
/// The system's resolver blocks for as long as a name server does not answer; who waits meanwhile is
/// the one connection that needs the name. A question whose time has passed before a thread was free
/// is not asked any more. What is being asked when the process ends, ends with it.
package final class NameResolver: Sendable {
    fileprivate struct Question: Sendable {
        let query: NameQuery
        let deadline: Int64
        let conclude: @Sendable (Result<NameAnswer, NameFailure>) -> Void
    }

    fileprivate struct Line {
        var questions: [Question] = []
        var threadCount = 0
    }

    /// Questions that wait at most.
    package static let waitingMax = 10_000

    private let threadMax: Int
    /// Whether addresses in numbers are what they say.
    private let knowsNumbers: Bool
    private let ask: @Sendable (NameQuery) -> Result<NameAnswer, NameFailure>
    private let line = Mutex(Line())

    /// Makes a resolver with so many threads at most.
    ///
    /// - Parameter ask: what answers instead of the system, on any of the threads
    package init(
        threadMax: Int = 4,
        ask: (@Sendable (NameQuery) -> Result<NameAnswer, NameFailure>)? = nil
    ) {
        precondition(threadMax > 0, "somebody asks")
        self.threadMax = threadMax
        knowsNumbers = ask == nil
        self.ask = ask ?? { query in Result { () throws(NameFailure) in try query.ask() } }
    }

    /// The answer where nobody has to be asked for it.
    func answerAtOnce(_ query: NameQuery) -> NameAnswer? {
        knowsNumbers ? query.answerInNumbers : nil
    }

    /// Asks; `conclude` gets the answer on another thread.
    ///
    /// Returns false, and `conclude` is not called, when too many wait or no thread can be started.
    /// It is not called either when `deadline`, in milliseconds of the monotonic clock, passes before
    /// it was asked.
    package func resolve(
        _ query: NameQuery,
        until deadline: Int64,
        _ conclude: @escaping @Sendable (Result<NameAnswer, NameFailure>) -> Void
    ) -> Bool {
        let question = Question(query: query, deadline: deadline, conclude: conclude)
        let mustStart: Bool? = line.withLock { line in
            guard line.questions.count < Self.waitingMax else { return nil }
            line.questions.append(question)
            guard line.threadCount < threadMax else { return false }
            line.threadCount += 1
            return true
        }
        guard let mustStart else { return false }
        guard mustStart else { return true }
        guard let thread = try? Thread(named: "resolver", { [self] in serve() }) else {
            return withdraw()
        }
        thread.detach()
        return true
    }

    /// A thread could not be started; returns whether another one will ask.
    private func withdraw() -> Bool {
        line.withLock { line in
            line.threadCount -= 1
            if line.threadCount > 0 { return true }
            line.questions.removeAll()
            return false
        }
    }

    private func serve() {
        Thread.lowerPriority()
        while let question = line.withLock({ $0.next() }) {
            guard Clock.monotonicMilliseconds() < question.deadline else { continue }
            question.conclude(ask(question.query))
        }
    }
}

extension NameResolver.Line {
    /// The question that has waited longest; nil, and one thread less serves, when there is none.
    fileprivate mutating func next() -> NameResolver.Question? {
        assert(threadCount > 0, "a thread asks for more")
        guard !questions.isEmpty else {
            threadCount -= 1
            return nil
        }
        return questions.removeFirst()
    }
}
