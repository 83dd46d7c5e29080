// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: whatever a server sends, the client's machine takes it or ends the connection.

import ClientMachine
import MQTT

/// The first byte says how.
///
/// Bits 0-1 the version, bit 2 whether authentication was asked for, bit 3
/// whether answers are held, bit 4 whether releases are, bit 5 whether the handshake is behind, bit 6
/// whether the connection is cut and made anew in the middle. The rest are the server's bytes, in
/// pieces of the length that the second byte says.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzClient(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2 else { return 0 }
    let form = start[0]
    let size = max(1, Int(start[1]))
    let bytes = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
    let version: ProtocolVersion = [.v31, .v311, .v5, .v5][Int(form & 3)]
    let driver = MachineDriver()
    driver.holdsAnswers = form & 8 != 0
    begin(driver, version, form)
    if form & 64 != 0 {
        feed(driver, bytes.prefix(bytes.count / 2), size)
        driver.cut()
        begin(driver, version, form)
        feed(driver, bytes.suffix(bytes.count - bytes.count / 2), size)
    } else {
        feed(driver, bytes[...], size)
    }
    precondition((driver.stage == .ended) == (driver.end != .open), "what has ended has an end")
    precondition(driver.stage != .ended || driver.deadline == nil, "the end needs no time")
    return 0
}

private func begin(_ driver: MachineDriver, _ version: ProtocolVersion, _ form: UInt8) {
    var packet = ConnectPacket(version: version, clientIdentifier: "f")
    packet.isCleanStart = false
    packet.topicAliasMaximum = 3
    packet.receiveMaximum = 5
    packet.maximumPacketSize = 2000
    if form & 4 != 0 { packet.authenticationMethod = "m" }
    driver.connect(packet, releasesAtOnce: form & 16 == 0)
    guard form & 32 != 0 else { return }
    driver.feed(version == .v5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0])
    for qos in [UInt8(0), 1, 2, 2] {
        driver.publish(OutgoingPublish(topic: [0x74], payload: [1, 2], qos: qos))
    }
    driver.pump()
    if driver.stage == .connected {
        _ = try? driver.subscribe([([0x61], SubscriptionOptions(qos: 2))])
    }
}

private func feed(_ driver: MachineDriver, _ bytes: ArraySlice<UInt8>, _ size: Int) {
    var rest = bytes
    while !rest.isEmpty {
        driver.feed(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
        driver.pump()
        driver.answer()
        driver.tick(driver.now + 1)
        // What goes out is a stream of packets.
        let output = driver.takeOutput()
        var offset = 0
        while offset < output.count {
            guard case .header(let header) = parseFixedHeader(Array(output[offset...]).rawBytes)
            else { preconditionFailure("a packet begins here") }
            offset += header.packetLength
        }
        precondition(offset == output.count, "packets go out whole")
    }
}
