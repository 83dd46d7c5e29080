// SPDX-License-Identifier: Apache-2.0
// A process that runs a plugin, seen from the broker.

import CBrokerShims
import CLinux
import Glibc
import Isolation
import Net

/// A process that runs a plugin, with a descriptor that is readable once it has ended and one for what it
/// writes.
struct HelperProcess: ~Copyable {
    let pid: pid_t
    private let process: OwnedDescriptor
    private let outputEnd: OwnedDescriptor

    /// Starts one on the calling thread, with whose end it ends.
    ///
    /// - Parameters:
    ///   - executable: a descriptor of the broker's own program
    ///   - wakers: what wakes the reader of each ring
    ///   - title: what is seen of it in a list of processes
    init(
        executable: CInt,
        memory: HelperMemory,
        wakers: [CInt],
        title: String
    ) throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw SystemError("pipe2") }
        let readEnd = OwnedDescriptor(ends[0])
        let writeEnd = OwnedDescriptor(ends[1])
        _ = fcntl(readEnd.rawValue, F_SETFL, O_NONBLOCK)
        let workerCount = memory.channel.layout.workerCount
        let words = ["mosquitto", PluginHelper.option, "\(getpid())", "\(workerCount)", title]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        let descriptors = [memory.questions.rawValue, memory.answers.rawValue] + wakers
        var pid: pid_t = 0
        var descriptor: CInt = -1
        let code = broker_helper_spawn(
            executable,
            &arguments,
            writeEnd.rawValue,
            descriptors,
            descriptors.count,
            &pid,
            &descriptor
        )
        guard code == 0 else { throw SystemError("posix_spawn", code: code) }
        self.pid = pid
        process = OwnedDescriptor(descriptor)
        outputEnd = readEnd
    }

    /// Readable once the process has ended.
    var end: CInt { process.rawValue }

    /// Readable when it has written something.
    var output: CInt { outputEnd.rawValue }

    /// What it has written and nobody has read; empty if that is nothing.
    func readOutput() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = retryingInterrupts { read(output, &bytes, bytes.count) }
        return Array(bytes.prefix(max(0, count)))
    }

    /// Sends a signal.
    func signal(_ number: CInt) { broker_helper_signal(process.rawValue, pid, number) }

    /// Bytes of memory that it has for itself; 0 if that is not known.
    var memoryBytes: Int {
        let file = OwnedDescriptor(open("/proc/\(pid)/statm", O_RDONLY | O_CLOEXEC))
        var text = [UInt8](repeating: 0, count: 256)
        let count = read(file.rawValue, &text, text.count)
        let words = text.prefix(max(0, count)).split(separator: 32).prefix(3)
        let pages = words.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard pages.count == 3 else { return 0 }
        return max(0, pages[1] - pages[2]) * Int(sysconf(CInt(_SC_PAGESIZE)))
    }

    /// Whether a debugger is attached.
    var isTraced: Bool { broker_helper_is_traced(pid) }

    /// How it has ended, in words; nil if it has not.
    ///
    /// All that it has left behind is ended as well.
    func takeLeave() -> String? {
        var end = broker_helper_end()
        var entry = pollfd(fd: process.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 0) > 0 else { return nil }
        broker_helper_signal(process.rawValue, pid, SIGKILL)
        guard broker_helper_reap(process.rawValue, &end) else { return nil }
        guard end.signal != 0 else { return "has ended with status \(end.status)" }
        let name = strsignal(end.signal).map { String(cString: $0) } ?? ""
        return "was ended by signal \(end.signal) (\(name))" + (end.has_core ? ", core dumped" : "")
    }
}
