// SPDX-License-Identifier: Apache-2.0
// A broker with one bridge, and the remote that a test plays.

import Foundation
import TestSupport

/// How many reactors the broker has.
let reactors = [1, 4]

/// Whether the broker under test is this project's; the original's tests what is said about it here.
let isOwn = !Broker.Program.underTest.path.hasPrefix("/usr/sbin")

/// A broker with a bridge called `b`, and its remote.
final class BridgeScene {
    /// The remote.
    let remote: ScriptedRemote
    /// The broker that has the bridge.
    let broker: Broker

    /// Starts a broker whose bridge connects, and connects again after a second.
    ///
    /// - Parameters:
    ///   - lines: What follows name and address: topics and options.
    ///   - head: What stands above the listener.
    ///   - notifies: Whether the bridge tells how it is; most tests want no more packets than they are about.
    ///   - restart: The wait.
    ///   - files: What lies beside the configuration file.
    init(
        _ lines: String,
        head: String = "",
        notifies: Bool = false,
        restart: String = "1",
        address: String = "127.0.0.1:%REMOTE%",
        workers: Int,
        files: [String: String] = [:]
    ) throws {
        let remote = try ScriptedRemote()
        self.remote = remote
        broker = try Broker(
            Self.configuration(
                lines,
                head: head,
                notifies: notifies,
                restart: restart,
                address: address,
                port: remote.port
            ),
            workers: workers,
            files: files
        )
    }

    /// The text of the configuration file.
    static func configuration(
        _ lines: String,
        head: String = "",
        notifies: Bool = false,
        restart: String = "1",
        address: String = "127.0.0.1:%REMOTE%",
        port: Int
    ) -> String {
        """
        \(head)
        listener %PORT% 127.0.0.1
        allow_anonymous true
        log_type all
        connection b
        address \(address.replacing("%REMOTE%", with: "\(port)"))
        remote_clientid r
        restart_timeout \(restart)
        notifications \(notifies)
        \(lines)

        """
    }

    /// Writes other lines into the file and has it read again.
    func reload(_ lines: String, head: String = "", notifies: Bool = false) throws {
        try broker.rewrite(
            Self.configuration(lines, head: head, notifies: notifies, port: remote.port)
        )
        broker.process.signal(SIGHUP)
    }

    /// The next connection, whose CONNECT has been read and accepted.
    ///
    /// - Parameters:
    ///   - version: What the bridge speaks.
    ///   - requests: How many SUBSCRIBEs and UNSUBSCRIBEs come next and are granted.
    ///   - properties: Those of CONNACK.
    func open(
        _ version: Version = .v4,
        requests: Int,
        isPresent: Bool = false,
        properties: Bytes = [],
        seconds: Double = 10,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> RawClient {
        let connection = try remote.accept(seconds: seconds, file: file, line: line)
        connection.speak(version)
        let connect = try connection.readPacket(file: file, line: line)
        guard connect.first == 0x10 else {
            throw Mismatch("no CONNECT: \(hexText(connect))", file: file, line: line)
        }
        connection.send(
            Self.connack(version, isPresent: isPresent, properties: properties)
        )
        _ = try connection.grant(requests, file: file, line: line)
        return connection
    }

    /// CONNACK of a remote that accepts.
    static func connack(
        _ version: Version,
        isPresent: Bool = false,
        properties: Bytes = []
    ) -> Bytes {
        let body: Bytes = [isPresent ? 1 : 0, 0]
        return Wire.packet(0x20, version == .v5 ? body + Wire.properties(properties) : body)
    }

    /// A client of the broker.
    func client(_ version: Version = .v4, _ identifier: String = unique("c")) throws -> RawClient {
        let client = try RawClient(broker)
        client.send(Wire.connect(identifier, version))
        let connack = try client.readPacket()
        guard connack.starts(with: [0x20]), connack[3] == 0 else {
            throw Mismatch("CONNACK \(hexText(connack))")
        }
        client.speak(version)
        return client
    }
}

/// What a bridge asks its remote for.
struct BridgeRequest: Equatable, CustomStringConvertible {
    /// The filter.
    let filter: String
    /// The options byte of SUBSCRIBE; nil for UNSUBSCRIBE.
    let options: UInt8?

    init(_ filter: String, _ options: UInt8?) {
        self.filter = filter
        self.options = options
    }

    var description: String { options.map { "\(filter) \($0)" } ?? "not \(filter)" }
}

extension RawClient {
    /// Takes so many SUBSCRIBEs and UNSUBSCRIBEs, with a filter each, and grants what they ask for.
    func grant(
        _ count: Int,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> [BridgeRequest] {
        var requests: [BridgeRequest] = []
        while requests.count < count {
            let packet = try readPacket(file: file, line: line)
            guard packet[0] == 0x82 || packet[0] == 0xA2 else {
                throw Mismatch("no request: \(hexText(packet))", file: file, line: line)
            }
            let isSubscribe = packet[0] == 0x82
            var fields = Fields(packet)
            let id = try fields.integer()
            if version == .v5 { _ = try fields.properties() }
            var codes: Bytes = []
            while !fields.isAtEnd {
                let filter = try fields.text()
                let options = isSubscribe ? try fields.byte() : nil
                codes.append(options.map { $0 & 3 } ?? 0)
                requests.append(BridgeRequest(filter, options))
            }
            send(
                isSubscribe
                    ? Wire.suback(version, id: id, codes) : Wire.unsuback(version, id: id, codes)
            )
        }
        return requests
    }

    /// Takes a PUBLISH apart that comes next, and goes through the whole exchange.
    ///
    /// Whatever else comes in between is passed over.
    func takePublishAndAnswer(
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> TakenPublish {
        while true {
            let packet = try readPacket(file: file, line: line)
            switch packet[0] & 0xF0 {
            case 0x30:
                let publish = try TakenPublish(packet, version)
                if publish.qos == 1 { send(Wire.puback(publish.id)) }
                if publish.qos == 2 { send(Wire.pubrec(publish.id)) }
                return publish
            case 0x60: send([0x70, 2] + packet[2..<4])
            default: continue
            }
        }
    }

    /// Nothing but acknowledgements may come before the answer to what this client asks next.
    func expectNoPublish(file: StaticString = #fileID, line: UInt = #line) throws {
        send(Wire.pingreq)
        while true {
            let packet = try readPacket(file: file, line: line)
            guard packet[0] & 0xF0 != 0x30 else {
                throw Mismatch("a PUBLISH: \(hexText(packet))", file: file, line: line)
            }
            if packet == Wire.pingresp { return }
        }
    }

    /// Takes a PUBLISH apart that comes next.
    func takePublish(
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> TakenPublish {
        let packet = try readPacket(seconds: seconds, file: file, line: line)
        guard packet[0] & 0xF0 == 0x30 else {
            throw Mismatch("no PUBLISH: \(hexText(packet))", file: file, line: line)
        }
        return try TakenPublish(packet, version)
    }
}
