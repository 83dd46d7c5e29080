// SPDX-License-Identifier: Apache-2.0
// How many processors there are to use.

import CLinux
import Glibc

/// The processors of this machine.
package enum Processors {
    /// How many of them this process may run on: those online, less what `taskset`, a service manager
    /// or a container takes away; at least 1.
    package static var available: Int {
        var set = cpu_set_t()
        let isKnown = sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0
        guard isKnown else { return max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN))) }
        return max(1, withUnsafeBytes(of: set) { $0.reduce(0) { $0 + $1.nonzeroBitCount } })
    }
}
