// SPDX-License-Identifier: Apache-2.0
// Room for descriptors before there are threads.

import Glibc

/// The process's table of file descriptors.
enum DescriptorTable {
    /// Descriptors to have room for at most: half a megabyte of the kernel's memory.
    private static let countMax: rlim_t = 65_536

    /// Makes the table as large as it may become.
    ///
    /// The kernel doubles it when it is full, and in a process with threads `accept` waits meanwhile
    /// until every processor has passed a quiescent state: 10 to 30 ms in which a reactor serves
    /// nobody. Without threads it does not wait. Failing does no harm but that.
    static func reserve() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        let highest = CInt(min(limit.rlim_cur, countMax)) - 1
        let low = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard low >= 0 else { return }
        defer { _ = close(low) }
        let high = fcntl(low, F_DUPFD_CLOEXEC, highest)
        if high >= 0 { _ = close(high) }
    }
}
