// SPDX-License-Identifier: Apache-2.0
// CONNECT: bytes to struct. The order of the checks can be seen by clients and is the original's.

extension ConnectPacket {
    /// Decodes a body; the flags are the low four bits of the packet's first byte.
    package init(
        decoding body: RawSpan,
        flags: UInt8 = 0,
        limits: ConnectLimits = ConnectLimits()
    ) throws(ConnectError) {
        var decoder = ConnectDecoder(body, limits)
        self = try decoder.decode(headerFlags: flags)
    }
}
