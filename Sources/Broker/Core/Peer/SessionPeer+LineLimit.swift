// SPDX-License-Identifier: Apache-2.0
// Log lines that a client can cause as often as it likes: ten of them a second.

import Log
import MQTT

extension SessionPeer {
    /// Where published log lines go (`log_dest topic`).
    private static let logTopics = Array("$SYS/broker/log/".utf8)

    /// Whether one more line that the client alone causes may be written; the first one refused says
    /// so.
    ///
    /// Nobody must be able to fill the disk, or to keep the broker busy with writing lines.
    func admitsLine(about what: StaticString) -> Bool {
        let count = denials.note(at: worker.now)
        if count == DenialCount.linesMax + 1, let identity {
            log.notice("Further \(what) of \(identity.logNameAndUser) are not logged this second.")
        }
        return count <= DenialCount.linesMax
    }

    /// Whether one more denial may be logged.
    func admitsDenialLine() -> Bool { admitsLine(about: "denials") }

    /// One line with who, from where, what and, as far as anybody knows, why.
    func logDenied(
        _ verb: String,
        of identity: ClientIdentity,
        to topic: String,
        _ denial: Denial?
    ) {
        let reason = denial.map { " \($0.sentence)" } ?? ""
        log.notice(
            "Denied \(verb) from \(identity.logNameAndUser) to '\(topic)'.\(reason)",
            identity.logFields(.accessDenied, denial, topic: topic)
        )
    }

    /// A publication is larger than the client takes, and is dropped.
    ///
    /// Of a published log line nothing is said: that would be published, be too large in turn, and
    /// so on without end.
    func logTooLarge(_ size: Int, topic: UnsafeRawBufferPointer) {
        guard log.isEnabled(.notice), !topic.starts(with: Self.logTopics),
            admitsLine(about: "drops")
        else { return }
        log.notice(
            "Dropping too large outgoing PUBLISH for \(logName) (\(size) bytes)",
            logFields(.messagesDropped, reason: "larger than the client takes")
        )
    }

    /// An answer is larger than the client takes, and is dropped.
    func logTooLarge(_ size: Int, _ type: PacketType) {
        guard log.isEnabled(.notice), admitsLine(about: "drops") else { return }
        let name = "\(type)".uppercased()
        log.notice("Dropping too large outgoing \(name) for \(logName) (\(size) bytes)")
    }

    /// A topic that nothing can be put in front of or behind.
    func logOverlong(_ topic: UnsafeRawBufferPointer) {
        guard log.isEnabled(.notice), admitsDenialLine() else { return }
        log.notice(
            "Topic of \(topic.count) bytes from \(logName) is too long for what is added to it."
        )
    }
}
