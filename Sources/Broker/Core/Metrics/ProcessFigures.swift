// SPDX-License-Identifier: Apache-2.0
// What the kernel says of the process.

import CLinux
import Glibc
import Net

/// What the kernel says of this process at one moment; what it does not say is nil.
///
/// Reads files below `/proc`: not for reactors.
struct ProcessFigures: Sendable {
    /// Seconds of processor time, of user and system.
    var cpuSeconds = 0.0
    var residentByteCount: Int?
    var virtualByteCount: Int?
    var openDescriptorCount: Int?
    var descriptorMax: Int?
    var threadCount: Int?
    /// When it was started, in seconds since 1970.
    var startedAt: Double?

    init() {
        var usage = rusage()
        if getrusage(RUSAGE_SELF.rawValue, &usage) == 0 {
            cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        }
        let pages = Self.words(of: "/proc/self/statm").compactMap { Int($0) }
        if pages.count > 1 {
            let size = sysconf(CInt(_SC_PAGESIZE))
            virtualByteCount = pages[0] * size
            residentByteCount = pages[1] * size
        }
        openDescriptorCount = Self.countDescriptors()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            descriptorMax = Int(clamping: limit.rlim_cur)
        }
        // The name of the program, in brackets, may have spaces: what counts comes after it.
        let fields = Self.words(of: "/proc/self/stat").drop { !$0.hasSuffix(")") }.dropFirst()
        let numbers = Array(fields)
        if numbers.count > 19 {
            threadCount = Int(numbers[17])
            startedAt = Double(numbers[19]).flatMap { ticks in
                Self.bootTime.map { $0 + ticks / Double(max(1, sysconf(CInt(_SC_CLK_TCK)))) }
            }
        }
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// Open descriptors; newer kernels tell the number as a size, older ones have to be asked for all.
    private static func countDescriptors() -> Int? {
        var status = stat()
        guard stat("/proc/self/fd", &status) == 0 else { return nil }
        if status.st_size > 0 { return Int(status.st_size) }
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the one that reads.
        return max(0, count - 3)
    }

    /// When the machine was started, in seconds since 1970; read once, from a long file.
    private static let bootTime: Double? = {
        let lines = text(of: "/proc/stat").split(separator: "\n")
        return lines.first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }()

    private static func words(of path: String) -> [Substring] {
        text(of: path).split { $0 == " " || $0 == "\n" }
    }

    /// The text of a file below `/proc`, up to 1 MiB; empty where there is none.
    private static func text(of path: String) -> String {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return "" }
        let descriptor = OwnedDescriptor(number)
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 8192)
        while bytes.count < 1 << 20 {
            let count = retryingInterrupts { read(descriptor.rawValue, &piece, piece.count) }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
