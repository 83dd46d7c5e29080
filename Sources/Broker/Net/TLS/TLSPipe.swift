// SPDX-License-Identifier: Apache-2.0
// How OpenSSL gets and gives its bytes: memory of the thread that calls it.

import COpenSSL
import Glibc

/// The two ends of OpenSSL's view of the network, one pair for each thread that calls it.
///
/// ```
/// socket ─recv─► input ─► SSL_read ─► plaintext
/// socket ◄─send─ output ◄─ SSL_write ◄─ packets
/// ```
/// OpenSSL never touches a socket: a wake-up costs one `recv`, and what it causes one `send`. A
/// session holds no buffer between two wake-ups but a record that is incomplete.
final class TLSPipe {
    /// The memory the two callbacks work on; its address is what a session's BIO carries.
    struct Ends {
        var input = UnsafeRawBufferPointer(start: nil, count: 0)
        var output: UnsafeMutableRawPointer?
        var outputCount = 0
        var outputCapacity = 0
    }

    /// Where sessions find the ends while they are worked on.
    let ends: UnsafeMutablePointer<Ends>
    /// Where plaintext goes; begins behind room for bytes that were kept.
    let plaintext: UnsafeMutableRawBufferPointer

    /// - Parameter plaintextCapacity: in bytes; 0 for pipes that only shake hands
    init(plaintextCapacity: Int) {
        assert((0...Int(CInt.max)).contains(plaintextCapacity), "OpenSSL counts in an int")
        ends = .allocate(capacity: 1)
        ends.initialize(to: Ends())
        plaintext = .allocate(byteCount: plaintextCapacity, alignment: 64)
    }

    deinit {
        free(ends.pointee.output)
        ends.deallocate()
        plaintext.deallocate()
    }

    /// What OpenSSL reads next.
    var input: UnsafeRawBufferPointer {
        get { ends.pointee.input }
        set { ends.pointee.input = newValue }
    }

    /// What OpenSSL has written since the last `clearOutput`.
    var output: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: ends.pointee.output, count: ends.pointee.outputCount)
    }

    /// Forgets the output.
    func clearOutput() { ends.pointee.outputCount = 0 }
}

extension TLSPipe.Ends {
    /// Room behind the output; nil when memory is out.
    mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer? {
        assert(count >= 0, "output only grows")
        assert(outputCount <= outputCapacity, "what was written lies in the buffer")
        let needed = outputCount + count
        if needed > outputCapacity {
            let capacity = max(needed, 2 * outputCapacity, 32 << 10)
            guard let larger = realloc(output, capacity) else { return nil }
            output = larger
            outputCapacity = capacity
        }
        return output.map { $0 + outputCount }
    }
}
