// SPDX-License-Identifier: Apache-2.0
// Running a handle: on a thread of the program's, or piece by piece.

import Glibc
import MQTTClient
import Net
import Results

extension ClientHandle {
    /// The longest wait of a loop without a limit: as good as for ever.
    private static let longestWait: Int64 = 24 * 3600 * 1000

    /// Waits at most so many milliseconds for something to do, and does it.
    func loop(milliseconds: Int64) -> Outcome {
        let until = Clock.monotonicMilliseconds() + min(milliseconds, Self.longestWait)
        let hasTurned = waitAndTurn { session in
            session.hasWork ? session.place(until: until) : nil
        }
        return hasTurned ? tellTurn() : Outcome(code: ResultCode.notConnected)
    }

    /// Does what there is to do, tells the program, and says whether the connection has ended.
    func turn() -> Outcome {
        locked { $0.turn() }
        return tellTurn()
    }

    /// Tells the program what has come of a turn, and says whether the connection has ended.
    private func tellTurn() -> Outcome {
        // What a program does from within its functions is told of as well, such as its disconnecting.
        for _ in 0..<Self.tellingsMax {
            let notices = locked { $0.takeNotices() }
            if notices.isEmpty { break }
            tellAll(notices)
        }
        return locked { $0.takeOutcome() } ?? .success
    }

    /// How often that is asked for before a loop looks at the socket again.
    private static let tellingsMax = 10

    /// Makes what a thread that waits is woken by.
    private func ensureLoop() throws(MQTTError) {
        let failure: MQTTError? = locked { session in
            do throws(MQTTError) {
                try session.ensureLoop()
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Whether a loop is to end: the program wished that, or the thread is to stop.
    private var mustEnd: Bool { locked { $0.isWished || isStopping || isDestroyed } }

    /// Runs until the program wishes the end, or until there is no use in going on.
    func loopForever(milliseconds: Int64) -> Outcome {
        do throws(MQTTError) {
            try ensureLoop()
        } catch {
            return Outcome(error, wasOpen: false)
        }
        while true {
            var outcome = Outcome.success
            while outcome.code == ResultCode.success {
                if locked({ _ in isStopping || isDestroyed }) { return turn() }
                outcome = loop(milliseconds: milliseconds)
            }
            if outcome.endsLoop { return outcome }
            repeat {
                if mustEnd { return .success }
                pause()
                if mustEnd { return .success }
                // Another thread may have connected meanwhile.
                if locked({ $0.isUnderWay }) { break }
                outcome = reconnect(waits: false)
                if outcome.isFinal { return outcome }
            } while outcome.code != ResultCode.success
        }
    }

    /// The pause before connecting again; the end of all ends it early.
    private func pause() {
        let seconds = locked { session in
            let seconds = session.settings.pauses.pause(after: session.pauseCount)
            if seconds < session.settings.pauses.longest { session.pauseCount += 1 }
            return seconds
        }
        let until = Clock.monotonicMilliseconds() + Int64(seconds) * 1000
        while Clock.monotonicMilliseconds() < until {
            _ = waitAndTurn { $0.place(until: until) }
            if mustEnd || locked({ $0.isUnderWay }) { return }
        }
    }
}
