// SPDX-License-Identifier: Apache-2.0
// An `SSL` object that sleeps while its connection is idle.

import COpenSSL
import Glibc

/// An `SSL` object with the memory it lies in.
///
/// `awake` is the only way to the pointer, so nobody can touch an object that is asleep.
struct HibernatingSSL: ~Copyable {
    private let pointer: OpaquePointer
    /// Where the object lies, and what a handshake adds to it.
    let slot: UnsafeMemorySlot?
    private var packed: UnsafePackedMemory?

    /// Makes an object that reads and writes through a pipe and belongs to `session`; nil when memory
    /// is out.
    init?(_ context: TLSContext, for session: TLSSession) {
        // Notes of errors are kept per thread, so they must be there before.
        ERR_clear_error()
        let slot = HibernatingMemory.takeSlot()
        let owner = Unmanaged.passUnretained(session).toOpaque()
        let made = HibernatingMemory.with(slot) { Self.make(context, owner) }
        guard let made else {
            if let slot { HibernatingMemory.giveBack(slot) }
            return nil
        }
        pointer = made
        self.slot = slot
    }

    private static func make(
        _ context: TLSContext,
        _ owner: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        guard let ssl = SSL_new(context.pointer) else { return nil }
        guard let bio = PipeBIO.make() else {
            SSL_free(ssl)
            return nil
        }
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        _ = SSL_set_ex_data(ssl, 0, owner)
        return ssl
    }

    deinit {
        if let packed { slot?.wake(packed) }
        SSL_free(pointer)
        if let slot { HibernatingMemory.giveBack(slot) }
    }

    /// The object, woken up if need be.
    mutating func awake() -> OpaquePointer {
        if let packed {
            slot?.wake(packed)
            self.packed = nil
        }
        return pointer
    }

    /// Lets the object sleep, if it has memory that can.
    mutating func sleep() {
        guard packed == nil else { return }
        packed = slot?.sleep()
    }
}
