// SPDX-License-Identifier: Apache-2.0
// Random bytes that nobody can foretell.

import COpenSSL

/// Random bytes from the system.
package enum SystemRandom {
    /// Fresh bytes; nil if the generator fails.
    package static func bytes(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return RAND_bytes(&bytes, CInt(count)) == 1 ? bytes : nil
    }
}
