// SPDX-License-Identifier: Apache-2.0
// When the snapshot database is saved, and where.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence: saving")
struct PersistenceSaving {
    /// A session with a message that waits.
    private func prepare(_ broker: Broker) throws -> RawClient {
        let client = try Sessions.open(broker, "kept", .v4)
        try client.subscribe("t", 1)
        try client.disconnect()
        let publisher = try RawClient.connected(to: broker, "publisher")
        try publisher.publish1("t", "waiting", retain: true)
        return publisher
    }

    /// A broker that is killed, and another one that knows what was saved.
    private func checkSaved(_ broker: Broker, _ folder: PersistenceFolder, workers: Int) throws {
        broker.process.signal(SIGKILL)
        _ = broker.process.wait(seconds: 10)
        let next = try folder.start(workers: workers)
        try next.waitForLog(exactly: "Restored 1 retained messages")
        let client = try Sessions.open(next, "kept", .v4, present: true)
        try client.take1("t", "waiting", id: 1)
    }

    @Test("SIGUSR1 saves while the broker goes on", arguments: reactors)
    func signal(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers, "autosave_interval 0\n")
        let publisher = try prepare(broker)
        #expect(!folder.hasDatabase)
        broker.process.signal(SIGUSR1)
        try broker.waitForLog(exactly: "Saving in-memory database to \(folder.path)//mosquitto.db.")
        try Reload.eventually(publisher) { folder.hasDatabase }
        // Another one while one is under way is saved as well.
        for _ in 0..<20 { broker.process.signal(SIGUSR1) }
        try publisher.expectSilence()
        try checkSaved(broker, folder, workers: workers)
        var status = stat()
        #expect(stat(folder.database, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test("autosave_on_changes saves within half a second of a change", arguments: reactors)
    func changes(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(
            workers: workers,
            "autosave_interval 5\nautosave_on_changes true\n"
        )
        let mark = broker.logMark
        let publisher = try prepare(broker)
        // A session, SUBSCRIBE, a retained message, one that waits: four changes.
        #expect(!folder.hasDatabase)
        try RawClient.connected(to: broker, "other").subscribe("x")
        try broker.waitForLog(containing: "Saving in-memory database", from: mark, seconds: 2)
        try Reload.eventually(publisher) { folder.hasDatabase }
        try checkSaved(broker, folder, workers: workers)
    }

    @Test("autosave_interval saves from time to time", arguments: reactors)
    func interval(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers, "autosave_interval 1\n")
        _ = try prepare(broker)
        let mark = broker.logMark
        try broker.waitForLog(containing: "Saving in-memory database", from: mark)
        try broker.waitForLog(containing: "Saving in-memory database", from: broker.logMark)
        try checkSaved(broker, folder, workers: workers)
    }

    @Test("saveState saves on request, where state is kept", arguments: reactors)
    func request(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers, "enable_control_api true\n")
        let publisher = try prepare(broker)
        let client = try BrokerControl.questionID(broker)
        let ask = #"{"commands":[{"command":"saveState","correlationData":"c"}]}"#
        let answer = try BrokerControl.ask(client, ask)
        #expect(answer.first?["command"] as? String == "saveState")
        #expect(answer.first?["correlationData"] as? String == "c")
        #expect(answer.first?["error"] == nil)
        try Reload.eventually(publisher) { folder.hasDatabase }
        try checkSaved(broker, folder, workers: workers)
        let forgetful = try Broker.shared(BrokerControl.config, workers: workers)
        let refusal = try BrokerControl.ask(BrokerControl.questionID(forgetful), ask)
        #expect(refusal.first?["error"] as? String == "Persistence is off")
    }

    @Test("A reload changes how often is saved, and says what needs a restart", arguments: reactors)
    func reload(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers, "autosave_interval 0\n")
        let publisher = try prepare(broker)
        let mark = broker.logMark
        try broker.rewrite(
            "persistence true\npersistence_location /elsewhere\npersistence_log false\n"
                + "autosave_interval 1\n" + Broker.plain
        )
        broker.process.signal(SIGHUP)
        let text = "Warning: The 'persistence_location' option comes into force at the next start:"
        try broker.waitForLog(containing: text, from: mark)
        try Reload.eventually(publisher) { folder.hasDatabase }
        try broker.stop()
    }

    @Test("What cannot be written is said, and the old file stays", arguments: reactors)
    func failure(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers)
        _ = try prepare(broker)
        try broker.stop()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.database))
        // A folder in the temporary file's place cannot be removed like a file.
        mkdir(folder.database + ".new", 0o700)
        broker = try folder.start(workers: workers)
        broker.process.signal(SIGUSR1)
        try broker.waitForLog(
            exactly: "Error saving in-memory database, unable to remove"
                + " \(folder.path)//mosquitto.db.new."
        )
        try broker.stop()
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.database)) == before)
    }

    @Test("MOSQUITTO_PERSISTENCE_LOCATION moves the database", arguments: reactors)
    func environment(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try Broker(
            "persistence true\npersistence_location /nowhere\n" + Broker.plain,
            workers: workers,
            environment: ["MOSQUITTO_PERSISTENCE_LOCATION": folder.path]
        )
        _ = try prepare(broker)
        try broker.stop()
        #expect(folder.hasDatabase)
    }

    @Test(
        "The configuration that Debian ships is good as it is",
        .enabled(if: access("/etc/mosquitto/mosquitto.conf", R_OK) == 0, "needs Debian's package")
    )
    func stock() throws {
        let arguments = ["-c", "/etc/mosquitto/mosquitto.conf", "--test-config"]
        let outcome = try ChildProcess.run(Broker.executable, arguments)
        // The folder of the pid file is made when the machine or the service starts.
        let isComplete = access("/run/mosquitto", F_OK) == 0
        let text =
            isComplete ? "Configuration file is OK." : "Unable to write pid file /run/mosquitto/"
        #expect(outcome.status == (isComplete ? 0 : 14) && outcome.errors.contains(text))
    }

    @Test("Everybody is served while a large state is saved", arguments: reactors)
    func meanwhile(workers: Int) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: workers, "max_queued_messages 0\n")
        for number in 0..<40 {
            let client = try Sessions.open(broker, "s\(number)", .v4)
            try client.subscribe("t", 1)
            try client.disconnect()
        }
        let publisher = try RawClient.connected(to: broker, "publisher")
        for number in 0..<500 { try publisher.publish1("t", "\(number)", id: 1 + number) }
        broker.process.signal(SIGUSR1)
        for number in 500..<1000 { try publisher.publish1("t", "\(number)", id: 1 + number) }
        try broker.stop()
        broker = try folder.start(workers: workers, "max_queued_messages 0\n")
        try broker.waitForLog(exactly: "Restored 40000 client messages")
        try broker.waitForLog(exactly: "Restored 1000 base messages")
    }
}
