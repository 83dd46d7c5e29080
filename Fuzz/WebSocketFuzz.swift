// SPDX-License-Identifier: Apache-2.0
// The libFuzzer target for WebSocket frames: no input traps, and every cut gives the same result.

/// Entry point of libFuzzer: the first byte is the size of the pieces, the rest a client's stream.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let size = input.first else { return 0 }
    let stream = [UInt8](input[1...])
    let whole = parse(stream, cut: max(stream.count, 1))
    let pieces = parse(stream, cut: Int(size) + 1)
    precondition(whole == pieces, "a cut changes what is read")
    return 0
}

/// What a stream holds.
private struct Reading: Equatable {
    var payload: [UInt8] = []
    var lastPing: [UInt8]?
    var end: WebSocketFrameParser.End?
}

private func parse(_ stream: [UInt8], cut size: Int) -> Reading {
    var parser = WebSocketFrameParser()
    var reading = Reading()
    var offset = 0
    while offset < stream.count, reading.end == nil {
        var piece = [UInt8](stream[offset..<min(offset + size, stream.count)])
        offset += piece.count
        let outcome = piece.withUnsafeMutableBytes { parser.parse($0) }
        precondition(outcome.payloadCount <= piece.count, "more payload than bytes")
        reading.payload += piece[..<outcome.payloadCount]
        reading.lastPing = outcome.pingPayload ?? reading.lastPing
        reading.end = outcome.end
        precondition((outcome.pingPayload?.count ?? 0) <= 125, "a ping that is too large")
    }
    return reading
}
