// SPDX-License-Identifier: Apache-2.0
// A broker in this process whose session log is read back and compared with what it has.

import Foundation
import Inflight
import MQTT
import Persist
import Topics

@testable import Core

/// Gives a driven broker a session log in a folder of its own, and looks whether that says what the
/// broker has in memory.
final class RecordedBroker {
    private let driven: DrivenBroker
    private let folder: URL
    private let log: SessionLog

    /// `byteCount`: the log has so many bytes when the first checkpoint is wanted.
    init(_ driven: DrivenBroker, checkpointAt byteCount: UInt64) throws {
        self.driven = driven
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("recorded-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        log = SessionLog(driven.broker, lastSession: 0, messageCounter: 0, retainedVersion: 0)
        for worker in driven.workers { worker.record(in: log) }
        var options = LogOptions(syncing: .never)
        options.firstCheckpointByteCount = byteCount
        options.segmentByteCount = byteCount
        let files = try LogFolder(folder.appendingPathComponent("log").path)
        try log.start(files, options, at: LogPosition(log: 1))
    }

    /// Ends the log; the broker has ended.
    func end() {
        log.close(nil)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Makes turns until everything recorded is safe; false when it never is.
    func awaitSafety() -> Bool {
        let end = Date(timeIntervalSinceNow: 20)
        while true {
            driven.settle()
            if driven.workers.allSatisfy({ $0.recorder?.isSettled == true }), !driven.isReady {
                return true
            }
            guard Date() < end else { return false }
            usleep(100)
        }
    }

    /// Reads the log as it is and says what differs.
    func complaints() throws -> [String] {
        guard awaitSafety() else { return ["the log never comes to rest"] }
        let copy = folder.appendingPathComponent("copy")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: false)
        let source = folder.appendingPathComponent("log")
        for name in try FileManager.default.contentsOfDirectory(atPath: source.path)
        where name != "LOCK" {
            // A segment may go while this reads: what took its place is complete.
            try? FileManager.default.copyItem(
                at: source.appendingPathComponent(name),
                to: copy.appendingPathComponent(name)
            )
        }
        let recovered = try RecoveredLog.read(LogFolder(copy.path), LogReading(), newLog: 1)
        var complaints: [String] = []
        if recovered.missingCount > 0 {
            let counters = driven.workers.compactMap { $0.recorder?.counter }
            let hex = counters.map { String($0, radix: 16) }
            complaints.append("\(recovered.missingCount) missing, counters \(hex)")
        }
        var found: [String: SessionPicture] = [:]
        for place in recovered.sessions.indices {
            let picture = SessionPicture(recovered, at: place)
            if picture.expiryInterval != 0 || picture.will != nil {
                found[recovered.sessions[place].identity.clientIdentifier] = picture
            }
        }
        for session in driven.workers.flatMap(\.sessions.all) {
            let name = session.identity.clientIdentifier
            let there = found.removeValue(forKey: name)
            guard session.isPersistent || session.will != nil, session.undecidedCount == 0 else {
                continue
            }
            complaints += SessionPicture(session).differences(from: there).map { "\(name): \($0)" }
        }
        complaints += found.filter { name, _ in
            !driven.workers.contains { $0.sessions[name] != nil }
        }
        .map { "\($0.key) is in the log alone" }
        return complaints + retainedComplaints(recovered)
    }

    private func retainedComplaints(_ recovered: RecoveredLog) -> [String] {
        var there: Set<[UInt8]> = []
        for (number, _) in recovered.retained {
            guard let message = recovered.message(number) else { return ["retained, missing"] }
            there.insert(Array(message.topic) + [0] + Array(message.payload))
        }
        var here: Set<[UInt8]> = []
        let cursor = driven.broker.retained.cursorOverAll()
        var values: [AnyObject] = []
        while !driven.broker.retained.next(cursor, limit: 1000, into: &values) {}
        for value in values {
            Message(value).withPublication { publication in
                if publication.topic.isOfBroker { return }
                here.insert(Array(publication.topic) + [0] + Array(publication.payload))
            }
        }
        return here == there
            ? []
            : [
                "retained: \(here.subtracting(there).count) more, \(there.subtracting(here).count) fewer"
            ]
    }
}

/// A session with its messages, in a form that can be compared.
struct SessionPicture {
    struct Delivery: Equatable {
        var content: [UInt8]
        var image: OutgoingImage
        /// The number the log has it under; not compared.
        var number: MessageNumber

        static func == (one: Delivery, other: Delivery) -> Bool {
            one.content == other.content && one.image == other.image
        }
    }

    let expiryInterval: UInt32
    let userName: String?
    let will: Will?
    let subscriptions: Set<String>
    let outgoing: [Delivery]
    let incoming: [UInt16: [UInt8]]
    let pending: Set<[UInt8]>
    let lastIdentifier: UInt16

    init(_ session: Session) {
        var contents: [[UInt8]] = []
        var numbers: [MessageNumber] = []
        let image = session.image { message in
            contents.append(
                message.withPublication {
                    Array($0.topic) + [0] + Array($0.properties) + [0] + Array($0.payload)
                }
            )
            numbers.append(message.number)
            return MessageNumber(contents.count - 1)
        }
        self.init(image, { contents[Int($0)] }, { numbers[Int($0)] })
    }

    init(_ log: RecoveredLog, at place: Int) {
        self.init(log.image(at: place)) { number in
            guard let message = log.message(number) else { return [] }
            return Array(message.topic) + [0] + Array(message.properties) + [0]
                + Array(message.payload)
        }
    }

    private init(
        _ image: SessionImage,
        _ content: (MessageNumber) -> [UInt8],
        _ number: (MessageNumber) -> MessageNumber = { $0 }
    ) {
        expiryInterval = image.expiryInterval
        userName = image.userName
        will = image.will
        subscriptions = Set(image.subscriptions.map { "\($0)" })
        outgoing = image.outgoing.map { delivery in
            var plain = delivery
            plain.message = 0
            return Delivery(
                content: content(delivery.message),
                image: plain,
                number: number(delivery.message)
            )
        }
        incoming = Dictionary(
            image.incoming.map { ($0.identifier, content($0.message)) },
            uniquingKeysWith: { $1 }
        )
        pending = Set(image.retainedPending.map(\.filter))
        lastIdentifier = image.lastIdentifier
    }

    /// What another picture of the same session has otherwise.
    func differences(from other: SessionPicture?) -> [String] {
        guard let other else { return ["not in the log"] }
        var found: [String] = []
        if will != other.will { found.append("will") }
        if expiryInterval != other.expiryInterval { found.append("expiry") }
        guard expiryInterval != 0 else { return found }
        if userName != other.userName { found.append("user name") }
        if subscriptions != other.subscriptions {
            found.append("subscriptions \(subscriptions) in the log \(other.subscriptions)")
        }
        if incoming != other.incoming {
            found.append(
                "incoming \(incoming.keys.sorted()), in the log \(other.incoming.keys.sorted())"
            )
        }
        if pending != other.pending { found.append("retained messages that are owed") }
        if outgoing != other.outgoing {
            let missing = outgoing.filter { !other.outgoing.contains($0) }
            found.append(
                "outgoing \(outgoing.count), in the log \(other.outgoing.count), "
                    + "not there: \(missing.prefix(3).map { String($0.number, radix: 16) + " " + String(decoding: $0.content.prefix(20), as: UTF8.self) + " \($0.image)" })"
            )
        }
        if lastIdentifier != other.lastIdentifier, outgoing.isEmpty == false {
            found.append("last identifier \(lastIdentifier), in the log \(other.lastIdentifier)")
        }
        return found
    }
}
