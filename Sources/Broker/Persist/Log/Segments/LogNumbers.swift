// SPDX-License-Identifier: Apache-2.0
// Numbers that come from the system.

import Glibc

/// Numbers a log is given from outside.
package enum LogNumbers {
    /// A number that is another one after the machine was started anew; 0 where the kernel does not
    /// say.
    package static func boot() -> UInt64 {
        let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { _ = close(descriptor) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = text.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return 0 }
        // FNV-1a: any function will do that tells two identifiers apart.
        return text[..<count].reduce(0xCBF2_9CE4_8422_2325) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
    }

    /// A number drawn by lot, for a log that begins.
    package static func random() -> UInt64 { UInt64.random(in: 1 ... .max) }
}
