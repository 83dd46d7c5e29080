// SPDX-License-Identifier: Apache-2.0
// The bytes of a file in memory.

/// The bytes of a file in memory of their own.
///
/// `@unchecked Sendable`: nothing is written after `init`.
package final class LogBytes: @unchecked Sendable {
    /// They live as long as this object does.
    package let bytes: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawBufferPointer

    /// Memory of this size, of which `fill` says how much it has filled.
    package init<Failure: Error>(
        capacity: Int,
        _ fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        memory = .allocate(byteCount: capacity, alignment: 16)
        do throws(Failure) {
            let count = try fill(memory)
            precondition(count >= 0 && count <= capacity, "no more is filled than there is")
            bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
        } catch {
            memory.deallocate()
            throw error
        }
    }

    deinit { memory.deallocate() }
}
