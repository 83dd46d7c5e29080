// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_memory.h: malloc and its family, with an account of what is in use.

import CBrokerShims
import CMosquitto
import Glibc
import Synchronization

/// Bytes held through these functions.
///
/// May be below what is freed through them, because plugins
/// also hand memory of plain `malloc` to `mosquitto_free`; readers never see less than zero.
private let bytesUsed = Atomic<Int>(0)
private let bytesUsedMax = Atomic<Int>(0)
private let bytesLimit = Atomic<Int>(0)

/// Whether `size` more bytes would stay within the limit.
private func isWithinLimit(_ size: Int) -> Bool {
    let limit = bytesLimit.load(ordering: .relaxed)
    if limit == 0 { return true }
    let (sum, overflow) = bytesUsed.load(ordering: .relaxed).addingReportingOverflow(size)
    return !overflow && sum <= limit
}

/// Enters a block of memory into the account.
private func entered(_ block: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let block else { return nil }
    let size = malloc_usable_size(block)
    let used = bytesUsed.wrappingAdd(size, ordering: .relaxed).newValue
    bytesUsedMax.max(used, ordering: .relaxed)
    return block
}

/// `malloc` within the limit.
@c(mosquitto_malloc) @implementation
public func mosquitto_malloc(_ size: Int) -> UnsafeMutableRawPointer! {
    isWithinLimit(size) ? entered(malloc(size)) : nil
}

/// `calloc` within the limit.
@c(mosquitto_calloc) @implementation
public func mosquitto_calloc(_ nmemb: Int, _ size: Int) -> UnsafeMutableRawPointer! {
    let (total, overflow) = nmemb.multipliedReportingOverflow(by: size)
    return !overflow && isWithinLimit(total) ? entered(calloc(nmemb, size)) : nil
}

/// `realloc` within the limit; on failure the old block stays.
@c(mosquitto_realloc) @implementation
public func mosquitto_realloc(
    _ ptr: UnsafeMutableRawPointer!,
    _ size: Int
) -> UnsafeMutableRawPointer! {
    guard let old: UnsafeMutableRawPointer = ptr else { return mosquitto_malloc(size) }
    let oldSize = malloc_usable_size(old)
    // A size above `Int.max` arrives as a negative one, which no block can have.
    guard size >= 0, isWithinLimit(size - oldSize) else { return nil }
    guard let block = realloc(old, size) else {
        // A size of zero frees the block.
        if size == 0 { bytesUsed.wrappingSubtract(oldSize, ordering: .relaxed) }
        return nil
    }
    bytesUsed.wrappingSubtract(oldSize, ordering: .relaxed)
    return entered(block)
}

/// `free`, taken off the account.
@c(mosquitto_free) @implementation
public func mosquitto_free(_ mem: UnsafeMutableRawPointer!) {
    guard let block: UnsafeMutableRawPointer = mem else { return }
    bytesUsed.wrappingSubtract(malloc_usable_size(block), ordering: .relaxed)
    free(block)
}

/// A copy of a string.
@c(mosquitto_strdup) @implementation
public func mosquitto_strdup(_ s: UnsafePointer<CChar>!) -> UnsafeMutablePointer<CChar>! {
    guard let s: UnsafePointer<CChar> = s else { return nil }
    return copyOfBytes(s, strlen(s))
}

/// A copy of at most `n` bytes of a string.
@c(mosquitto_strndup) @implementation
public func mosquitto_strndup(
    _ s: UnsafePointer<CChar>!,
    _ n: Int
) -> UnsafeMutablePointer<CChar>! {
    guard let s: UnsafePointer<CChar> = s else { return nil }
    return copyOfBytes(s, strnlen(s, n))
}

/// Sets the limit, zero for none.
@c(mosquitto_memory_set_limit) @implementation
public func mosquitto_memory_set_limit(_ lim: Int) {
    bytesLimit.store(lim, ordering: .relaxed)
}

/// Bytes in use.
@c(mosquitto_memory_used) @implementation
public func mosquitto_memory_used() -> CUnsignedLong {
    CUnsignedLong(max(0, bytesUsed.load(ordering: .relaxed)))
}

/// Most bytes ever in use.
@c(mosquitto_max_memory_used) @implementation
public func mosquitto_max_memory_used() -> CUnsignedLong {
    CUnsignedLong(bytesUsedMax.load(ordering: .relaxed))
}

/// Copies `count` bytes into the malloc family and appends a NUL byte; nil when memory is short.
package func copyOfBytes(
    _ bytes: UnsafeRawPointer,
    _ count: Int
) -> UnsafeMutablePointer<CChar>? {
    assert(count >= 0, "bytes are counted from zero")
    guard let block: UnsafeMutableRawPointer = mosquitto_malloc(count + 1) else { return nil }
    block.copyMemory(from: bytes, byteCount: count)
    let copy = block.assumingMemoryBound(to: CChar.self)
    copy[count] = 0
    return copy
}
