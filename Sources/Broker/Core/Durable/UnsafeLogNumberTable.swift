// SPDX-License-Identifier: Apache-2.0
// Which number the session behind a handle has in the session log.

import Persist
import Synchronization
import Topics

/// The log numbers of the durable sessions of one worker, by slot; every thread may ask.
///
/// ```
/// directory: | chunk | chunk | nil … |      chunk: | generation 24 | number 40 | … 4096 words
/// ```
/// Written by the worker the sessions live on. One word for each slot, so who asks about a session
/// that has ended gets no other one's number. Chunks are made as slots come into use and live as
/// long as the table, whose owner frees it.
///
/// Invariant: a word is 0, or has a number that is not 0.
///
/// `@unchecked Sendable`: the words and the directory are atomics.
struct UnsafeLogNumberTable: @unchecked Sendable {
    private typealias Word = Atomic<UInt64>

    private static let chunkSize = 1 << 12
    private static let chunkCount = 1 << 12
    private static let numberBits: UInt64 = 40

    /// The greatest number.
    static let numberMax: SessionNumber = 1 << numberBits - 1

    /// Addresses of the chunks; 0 where there is none.
    private let directory: UnsafeMutablePointer<Atomic<UInt>>

    init() {
        directory = .allocate(capacity: Self.chunkCount)
        for index in 0..<Self.chunkCount { (directory + index).initialize(to: Atomic(0)) }
    }

    /// Gives its memory back: nobody may ask any more.
    func free() {
        for index in 0..<Self.chunkCount {
            let address = directory[index].load(ordering: .relaxed)
            UnsafeMutablePointer<Word>(bitPattern: address)?.deallocate()
        }
        directory.deinitialize(count: Self.chunkCount)
        directory.deallocate()
    }

    /// The number of a session; 0 when it is not durable, or has ended.
    func number(of handle: SessionHandle) -> SessionNumber {
        let slot = Int(handle.slot)
        guard slot < Self.chunkSize * Self.chunkCount else { return 0 }
        let address = directory[slot / Self.chunkSize].load(ordering: .acquiring)
        guard let chunk = UnsafeMutablePointer<Word>(bitPattern: address) else { return 0 }
        let word = chunk[slot % Self.chunkSize].load(ordering: .relaxed)
        return word >> Self.numberBits == UInt64(handle.generation) ? word & Self.numberMax : 0
    }

    /// Sets the number of a session; 0 says that it is not durable any more.
    ///
    /// Only on its worker's thread.
    func set(_ number: SessionNumber, of handle: SessionHandle) {
        precondition(number <= Self.numberMax, "a number has 40 bits")
        let slot = Int(handle.slot)
        precondition(slot < Self.chunkSize * Self.chunkCount, "a slot has 24 bits")
        let place = directory + slot / Self.chunkSize
        var address = place.pointee.load(ordering: .relaxed)
        if address == 0 {
            let made = UnsafeMutablePointer<Word>.allocate(capacity: Self.chunkSize)
            for index in 0..<Self.chunkSize { (made + index).initialize(to: Atomic(0)) }
            address = UInt(bitPattern: made)
            place.pointee.store(address, ordering: .releasing)
        }
        guard let chunk = UnsafeMutablePointer<Word>(bitPattern: address) else { return }
        let word = number == 0 ? 0 : UInt64(handle.generation) << Self.numberBits | number
        assert(word == 0 || word & Self.numberMax != 0, "a number that is not 0")
        chunk[slot % Self.chunkSize].store(word, ordering: .relaxed)
    }
}
