// SPDX-License-Identifier: Apache-2.0
// The thread that runs a handle.

import Glibc
import MQTTClient
import Net
import Results

extension ClientHandle {
    /// Starts the thread of the library.
    func startThread() -> CInt {
        let number: UInt64? = locked { session in
            guard loopThread == nil, !session.isThreaded else { return nil }
            session.isThreaded = true
            isStopping = false
            threadCount += 1
            return threadCount
        }
        guard let number else { return ResultCode.invalid }
        do throws(SystemError) {
            let thread = try Thread(named: "mosquitto loop") { [self] in
                locked { _ in runningThread = pthread_self() }
                _ = loopForever(milliseconds: .max)
                threadEnds(number)
            }
            locked { _ in
                // It may be over already.
                if threadCount == number, endedThread != number {
                    loopThread = LoopThread(thread: thread, number: number)
                } else {
                    thread.detach()
                }
            }
        } catch {
            locked { $0.isThreaded = false }
            errno = error.code
            return ResultCode.systemError
        }
        return ResultCode.success
    }

    /// The thread has nothing more to do: the handle is without one, unless somebody waits for it.
    private func threadEnds(_ number: UInt64) {
        locked { session in
            session.isThreaded = false
            runningThread = nil
            endedThread = number
            if loopThread == nil { isStopping = false }
            guard let thread = loopThread, thread.number == number, !isStopping else { return }
            thread.thread.detach()
            loopThread = nil
        }
    }

    /// Ends the thread and waits for that, unless it is the one that asks.
    func stopThread() -> CInt {
        let (found, isOwn): (LoopThread?, Bool) = locked { session in
            let isOwn = runningThread.map { pthread_equal($0, pthread_self()) != 0 } ?? false
            guard loopThread != nil || isOwn else { return (nil, false) }
            isStopping = true
            session.loop?.reactor.waker.wake()
            if isOwn {
                loopThread?.thread.detach()
                loopThread = nil
                return (nil, true)
            }
            defer { loopThread = nil }
            return (loopThread, false)
        }
        if isOwn { return ResultCode.success }
        guard let found else { return ResultCode.invalid }
        found.thread.join()
        locked { session in
            isStopping = false
            session.isThreaded = false
        }
        return ResultCode.success
    }
}
