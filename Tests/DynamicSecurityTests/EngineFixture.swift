// SPDX-License-Identifier: Apache-2.0
// An engine on a directory of its own, driven by the text of control messages.

import DynamicSecurity
import Foundation
import Synchronization

/// An engine with its files, its log and an administrator to speak for.
final class EngineFixture {
    let directory: String
    let engine: Engine
    private let lines: LogLines

    var path: String { directory + "/dynsec.json" }
    var journalPath: String { path + ".journal" }

    /// The journal without the room behind its records.
    func journal() throws -> [UInt8] {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: journalPath)))
        return Array(bytes[..<((bytes.lastIndex { $0 != 0 } ?? -1) + 1)])
    }

    /// Collects log lines of any thread.
    private final class LogLines: Sendable {
        let all = Mutex<[String]>([])
    }

    /// Reads the log so far from any thread.
    var logReader: @Sendable () -> [String] {
        { [lines] in lines.all.withLock { $0 } }
    }

    /// Starts on an empty configuration or on the text given.
    init(
        _ text: String = "{}",
        in directory: String? = nil,
        adjust: (inout Settings) -> Void = { _ in },
        sessions: @escaping SessionSource = { _ in nil }
    ) throws {
        let directory = try directory ?? EngineFixture.makeDirectory(text)
        self.directory = directory
        var settings = Settings()
        settings.passwordIterations = 2
        // Far away, so that tests compact when they want to.
        settings.compactionDelayMilliseconds = 1_000_000
        adjust(&settings)
        let lines = LogLines()
        self.lines = lines
        engine = Engine(
            path: directory + "/dynsec.json",
            settings: settings,
            surroundings: Surroundings(
                log: { level, text in lines.all.withLock { $0.append("\(level) \(text)") } },
                sessions: sessions
            )
        )
    }

    /// A directory with a state file.
    static func makeDirectory(_ text: String?) throws -> String {
        let path = NSTemporaryDirectory() + "dynsec-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try text?.write(toFile: path + "/dynsec.json", atomically: false, encoding: .utf8)
        return path
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    var log: [String] { lines.all.withLock { $0 } }

    /// Sends bytes as a control message.
    func send(_ message: [UInt8]) -> String {
        let requester = Requester(clientID: "cid", username: "admin", address: "192.0.2.1")
        let answer = message.withUnsafeBufferPointer { engine.control($0, from: requester) }
        return String(decoding: answer, as: UTF8.self)
    }

    /// Sends one command, given as the members of its object, and returns the one answer.
    func run(_ command: String) -> String {
        let answer = send(Array(#"{"commands":[{\#(command)}]}"#.utf8))
        let start = #"{"responses":["#
        precondition(answer.hasPrefix(start) && answer.hasSuffix("]}"), answer)
        return String(answer.dropFirst(start.count).dropLast(2))
    }

    /// The decision about an access.
    func check(
        _ access: Access,
        _ topic: String,
        user: String?,
        clientID: String = "cid"
    ) -> Decision {
        Array(topic.utf8).withUnsafeBufferPointer { topic in
            Array(clientID.utf8).withUnsafeBufferPointer { clientID in
                Array((user ?? "").utf8).withUnsafeBufferPointer { name in
                    engine.directory.check(
                        access,
                        to: topic,
                        by: Subject(clientID: clientID, username: name),
                        isAnonymous: user == nil
                    )
                }
            }
        }
    }

    /// The decision about a login, hashing included.
    func login(_ user: String?, _ password: String?, clientID: String = "cid") -> LoginDecision {
        switch beginLogin(user, password, clientID: clientID) {
        case .decided(let decision): return decision
        case .verify(let client):
            return engine.finishLogin(of: client, password: ByteString(password ?? ""))
        case .pretend(let decoy, let decision):
            let secret = ByteString(password ?? "")
            return engine.finishPretence(decoy, password: secret, decision)
        }
    }

    /// The decision about a login as far as it is made at once.
    func beginLogin(
        _ user: String?,
        _ password: String?,
        clientID: String = "cid"
    ) -> LoginStep {
        Array(clientID.utf8).withUnsafeBufferPointer { clientID in
            withOptional(user) { user in
                withOptional(password) { password in
                    engine.beginLogin(username: user, password: password, clientID: clientID)
                }
            }
        }
    }

    private func withOptional<Result>(
        _ text: String?,
        _ body: (UnsafeBufferPointer<UInt8>?) -> Result
    ) -> Result {
        guard let text else { return body(nil) }
        return Array(text.utf8).withUnsafeBufferPointer { body($0) }
    }
}
