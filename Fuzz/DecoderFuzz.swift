// SPDX-License-Identifier: Apache-2.0
// The libFuzzer target for the packet decoders: no input may trap, and what decodes must re-encode.

import MQTT

/// Entry point of libFuzzer: the first byte chooses version and side, the rest is a stream.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let choice = input.first else { return 0 }
    let versions: [ProtocolVersion] = [.v31, .v311, .v5, .v5]
    let session = FuzzSession(
        version: versions[Int(choice & 3)],
        receiver: choice & 4 == 0 ? .broker : .client
    )
    session.run([UInt8](input[1...]))
    return 0
}
