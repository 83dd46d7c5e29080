// SPDX-License-Identifier: Apache-2.0
// Memory of TLS connections that can be folded up while nobody uses it.

import CBrokerShims
import COpenSSL
import Glibc
import Synchronization

/// Slots of memory at addresses that do not change; each has what OpenSSL allocates for one
/// connection.
///
/// ```
/// region: | slot | slot | slot | ...                       slotsMax, reserved, opened bit by bit
/// slot:   | head | block | block | ... | never touched |   slotSize
/// block:  | size, 0 | payload, a multiple of 16 |
/// ```
/// A slot that is asleep has no pages; its contents wait in a piece of heap and come back to the same
/// addresses, so every pointer to and inside them stays true.
///
/// Nobody else looks at these bytes, because only two kinds of allocations get here: all that is made
/// while a thread is inside `SSL_new` and its like (`Scope.all`), and, of those made during a
/// handshake, the connection's session and its ciphers (`Scope.known`). Both are freed by
/// `SSL_free` and reached through the `SSL *` alone, which `HibernatingSSL` keeps to itself. What a
/// plugin allocates, on whichever thread, goes to the heap, and so do certificates, which plugins
/// may keep.
enum HibernatingMemory {
    /// Room of a slot, three quarters of which are in use with OpenSSL 3.0; what does not fit goes
    /// to the heap.
    static let slotSize = 16 << 10
    private static let slotsMax = 1 << 19
    /// Slots that are made accessible in one go.
    private static let stepCount = 256
    /// Unused slots that keep their pages for the next connections.
    private static let warmCountMax = 64
    private static let pageSize = 4096
    /// What a slot that is awake is reckoned with, for `memory_limit`.
    private static let awakeSlotByteCount = 3 * pageSize

    private struct Pool {
        var unused: [UInt32] = []
        var madeCount = 0
        var openCount = 0
    }

    private static let pool = Mutex(Pool())
    /// Where the region begins; 0 before there is one.
    private static let region = Atomic<UInt>(0)
    private static let awakeCount = Atomic<Int>(0)
    private static let installed = Atomic<Bool>(false)

    // MARK: The process

    /// Has OpenSSL ask here for memory; must come before anything else that uses OpenSSL.
    ///
    /// If somebody was faster OpenSSL refuses, and nothing hibernates.
    static func install() {
        guard getpagesize() == pageSize else { return }
        let result = CRYPTO_set_mem_functions(allocateBlock, resizeBlock, freeBlock)
        installed.store(result == 1, ordering: .relaxed)
    }

    /// Whether OpenSSL asks here for memory.
    static var isInstalled: Bool { installed.load(ordering: .relaxed) }

    /// Reserves addresses, once; without them there are no slots.
    static func prepare() {
        pool.withLock { _ in reserve() }
    }

    /// Bytes of slots that are awake, which are not in the heap.
    static var awakeByteCount: Int {
        awakeCount.load(ordering: .relaxed) * awakeSlotByteCount
    }

    /// Reserved addresses cost nothing; pages come with the first touch.
    ///
    /// Huge pages would give a slot two megabytes.
    private static func reserve() {
        guard region.load(ordering: .relaxed) == 0 else { return }
        let size = slotsMax * slotSize
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let start = mmap(nil, size + slotSize, PROT_NONE, flags, -1, 0), start != MAP_FAILED
        else { return }
        _ = madvise(start, size + slotSize, MADV_NOHUGEPAGE)
        let aligned = (UInt(bitPattern: start) + UInt(slotSize) - 1) & ~UInt(slotSize - 1)
        region.store(aligned, ordering: .relaxed)
    }

    // MARK: Slots

    /// A slot nobody uses; nil when there is none.
    static func takeSlot() -> UnsafeMemorySlot? {
        let first = region.load(ordering: .relaxed)
        guard first != 0 else { return nil }
        let index = pool.withLock { pool -> Int? in
            if let index = pool.unused.popLast() { return Int(index) }
            if pool.madeCount == pool.openCount {
                let end = first + UInt(pool.openCount * slotSize)
                let start = UnsafeMutableRawPointer(bitPattern: end)
                guard pool.openCount < slotsMax,
                    mprotect(start, stepCount * slotSize, PROT_READ | PROT_WRITE) == 0
                else { return nil }
                pool.openCount += stepCount
            }
            pool.madeCount += 1
            return pool.madeCount - 1
        }
        guard let index,
            let base = UnsafeMutableRawPointer(bitPattern: first + UInt(index * slotSize))
        else { return nil }
        awakeCount.add(1, ordering: .relaxed)
        return UnsafeMemorySlot(startingAt: base)
    }

    /// Takes a slot back, which is awake.
    ///
    /// One in which something is left is never used again: better some memory lost than one piece
    /// with two owners.
    static func giveBack(_ slot: UnsafeMemorySlot) {
        awakeCount.subtract(1, ordering: .relaxed)
        guard slot.liveCount == 0 else { return }
        let first = region.load(ordering: .relaxed)
        let index = (UInt(bitPattern: slot.base) - first) / UInt(slotSize)
        pool.withLock { pool in
            if pool.unused.count >= warmCountMax { slot.dropPages() }
            pool.unused.append(UInt32(index))
        }
    }

    static func noteAsleep(_ isAsleep: Bool) {
        awakeCount.add(isAsleep ? -1 : 1, ordering: .relaxed)
    }

    // MARK: Where allocations go

    /// Which allocations of a thread go to a slot.
    enum Scope {
        /// All of them; nothing may be called that makes something others share.
        case all
        /// Those of a handshake that belong to the connection alone.
        case known
    }

    /// Makes the call with what OpenSSL allocates on this thread meanwhile in the slot, or on the heap
    /// if there is none.
    static func with<Result>(
        _ slot: UnsafeMemorySlot?,
        _ scope: Scope = .all,
        _ body: () -> Result
    ) -> Result {
        let place = broker_tls_place()
        let before = place?.pointee
        place?.pointee = broker_tls_place(slot: slot?.base, takes_all: scope == .all)
        defer { if let before { place?.pointee = before } }
        return body()
    }

    /// The slot an address lies in; inlined, because every piece of memory that OpenSSL frees asks.
    @inline(__always)
    fileprivate static func slot(of pointer: UnsafeMutableRawPointer) -> UnsafeMemorySlot? {
        let first = region.load(ordering: .relaxed)
        let address = UInt(bitPattern: pointer)
        guard address &- first < UInt(slotsMax * slotSize), first != 0 else { return nil }
        let offset = Int(address & UInt(slotSize - 1))
        return UnsafeMemorySlot(base: pointer - offset)
    }
}

// MARK: What OpenSSL calls

/// Whether an allocation of a handshake is the session or the state of an AEAD cipher, told by the file
/// of OpenSSL it comes from; these are the large ones, so few names are looked at.
///
/// Other ciphers are left alone: a thread's random generator, which is made when it is first needed,
/// is one of them.
private func isOfConnection(_ count: Int, _ file: UnsafePointer<CChar>?) -> Bool {
    guard (512...2048).contains(count), let file else { return false }
    if strstr(file, "ssl/ssl_sess.c") != nil { return true }
    guard let cipher = strstr(file, "ciphers/cipher_") else { return false }
    return strstr(cipher, "_gcm.c") != nil || strstr(cipher, "_poly1305.c") != nil
        || strstr(cipher, "_ccm.c") != nil
}

private func allocateBlock(
    _ count: Int,
    _ file: UnsafePointer<CChar>?,
    _ line: CInt
) -> UnsafeMutableRawPointer? {
    guard let place = broker_tls_place(), let base = place.pointee.slot,
        place.pointee.takes_all || isOfConnection(count, file), count > 0
    else { return count > 0 ? malloc(count) : nil }
    return UnsafeMemorySlot(base: base).allocate(count) ?? malloc(count)
}

private func resizeBlock(
    _ pointer: UnsafeMutableRawPointer?,
    _ count: Int,
    _ file: UnsafePointer<CChar>?,
    _ line: CInt
) -> UnsafeMutableRawPointer? {
    guard let pointer else { return allocateBlock(count, file, line) }
    guard let slot = HibernatingMemory.slot(of: pointer) else { return realloc(pointer, count) }
    guard count > 0 else {
        slot.free(pointer)
        return nil
    }
    guard let larger = malloc(count) else { return nil }
    larger.copyMemory(from: pointer, byteCount: min(count, slot.size(of: pointer)))
    slot.free(pointer)
    return larger
}

private func freeBlock(
    _ pointer: UnsafeMutableRawPointer?,
    _ file: UnsafePointer<CChar>?,
    _ line: CInt
) {
    guard let pointer else { return }
    if let slot = HibernatingMemory.slot(of: pointer) { slot.free(pointer) } else { free(pointer) }
}
