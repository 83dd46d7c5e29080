// SPDX-License-Identifier: Apache-2.0
// The BIO type of a pipe in memory: what OpenSSL calls to read and write.

import COpenSSL
import Glibc

/// The BIO type whose ends are a `TLSPipe`.
enum PipeBIO {
    /// Kinds of a BIO that are neither descriptor nor filter have numbers of their own.
    private static let type = BIO_get_new_index() | CInt(BIO_TYPE_SOURCE_SINK)

    /// The table of functions; made once and kept.
    private struct Method: Sendable {
        let address: UInt

        var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }
    }

    private static let method: Method = {
        let method = BIO_meth_new(type, "pipe")
        assert(method != nil, "the only table is made while there is memory")
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_read(method, pipeRead)
        BIO_meth_set_write(method, pipeWrite)
        BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
        return Method(address: UInt(bitPattern: method))
    }()

    /// Everything that says that a call is worth repeating.
    static let retryFlags = 0x07 | BIO_FLAGS_SHOULD_RETRY

    /// A BIO without ends; nil when memory is out.
    static func make() -> OpaquePointer? { BIO_new(method.pointer) }
}

private func pipeRead(
    _ bio: OpaquePointer?,
    _ target: UnsafeMutablePointer<CChar>?,
    _ room: CInt
) -> CInt {
    BIO_clear_flags(bio, PipeBIO.retryFlags)
    guard let ends = BIO_get_data(bio)?.assumingMemoryBound(to: TLSPipe.Ends.self), let target
    else { return -1 }
    let input = ends.pointee.input
    guard let source = input.baseAddress, !input.isEmpty else {
        BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return -1
    }
    precondition(room >= 0, "OpenSSL reads no fewer than 0 bytes")
    let count = min(input.count, Int(room))
    UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count)
    ends.pointee.input = UnsafeRawBufferPointer(rebasing: input[count...])
    return CInt(count)
}

private func pipeWrite(
    _ bio: OpaquePointer?,
    _ source: UnsafePointer<CChar>?,
    _ count: CInt
) -> CInt {
    BIO_clear_flags(bio, PipeBIO.retryFlags)
    guard let ends = BIO_get_data(bio)?.assumingMemoryBound(to: TLSPipe.Ends.self), let source
    else { return -1 }
    precondition(count >= 0, "OpenSSL writes no fewer than 0 bytes")
    guard let target = ends.pointee.reserve(Int(count)) else { return -1 }
    target.copyMemory(from: source, byteCount: Int(count))
    ends.pointee.outputCount += Int(count)
    assert(ends.pointee.outputCount <= ends.pointee.outputCapacity, "reserved before written")
    return count
}
