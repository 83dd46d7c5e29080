// SPDX-License-Identifier: Apache-2.0
// How busy a thread is.

import CLinux
import Glibc

/// Measures the thread that made it.
struct LoadMeter: ~Copyable {
    /// Nanoseconds that a measurement covers at least.
    static let window: Int64 = 25_000_000

    private let statistics: CInt
    private var began: Int64
    private var busy: Int64 = 0
    private var processor: Int64
    private var queued: Int64

    init() {
        statistics = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
        began = Clock.monotonicNanoseconds()
        processor = Clock.threadNanoseconds()
        queued = Self.queuedNanoseconds(statistics)
    }

    deinit {
        if statistics >= 0 { _ = close(statistics) }
    }

    /// Counts time that was not spent waiting for events; the load when it is time to report it.
    mutating func note(busy nanoseconds: Int64, now: Int64) -> ThreadLoad? {
        busy += nanoseconds
        let elapsed = now - began
        guard elapsed >= Self.window else { return nil }
        let processorBefore = processor
        let queuedBefore = queued
        let busyBefore = busy
        restart(now)
        return ThreadLoad(
            busy: Double(busyBefore) / Double(elapsed),
            processor: Double(processor - processorBefore) / Double(elapsed),
            queued: Double(queued - queuedBefore) / Double(elapsed)
        )
    }

    /// Begins a new measurement.
    mutating func restart(_ now: Int64) {
        began = now
        busy = 0
        processor = Clock.threadNanoseconds()
        queued = Self.queuedNanoseconds(statistics)
    }

    /// Time the thread has been ready to run while others had the processor: the second number of
    /// `schedstat`; 0 where the kernel does not count it.
    private static func queuedNanoseconds(_ descriptor: CInt) -> Int64 {
        guard descriptor >= 0 else { return 0 }
        return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { buffer in
            let count = pread(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return 0 }
            let fields = buffer[..<count].split(separator: UInt8(ascii: " "))
            guard fields.count > 1 else { return 0 }
            return fields[1].reduce(0) { $0 &* 10 &+ Int64($1) &- 48 }
        }
    }
}
