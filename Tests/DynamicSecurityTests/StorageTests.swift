// SPDX-License-Identifier: Apache-2.0
// The state file and the journal: formats, crashes at every point, trouble with the disk.

import CcJSON
import DynamicSecurity
import Foundation
import Testing

@Suite struct StorageTests {
    private func text(_ fixture: EngineFixture) -> String {
        String(decoding: StateFile.text(of: fixture.engine.directory.snapshot()), as: UTF8.self)
    }

    private func read(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path)))
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    // MARK: - Format

    @Test("The file is written exactly as cJSON prints the same content")
    func format() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for script in CommandScript.all {
            for step in script.steps { _ = fixture.run(step.command) }
        }
        _ = fixture.run(
            #""command":"createRole","rolename":"quo\"te\\ é","textname":"\b\f\n\r\t\u0001\u007f/""#
        )
        let text = text(fixture)
        let tree = try #require(cJSON_Parse(text))
        defer { cJSON_Delete(tree) }
        let printed = try #require(cJSON_Print(tree))
        defer { cJSON_free(printed) }
        #expect(text == String(cString: printed))
    }

    @Test("A file of version 2.0 is read and its passwords are converted")
    func version20() throws {
        let hash =
            "Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w=="
        let fixture = try EngineFixture(
            #"{"clients":[{"username":"u","textName":"T","password":"\#(hash)","salt":"AAECAwQFBgcICQoL","iterations":101,"roles":[{"rolename":"r"}]}],"roles":[{"rolename":"r","acls":[{"acltype":"subscribePattern","topic":"a/#","allow":true}]}],"defaultACLAccess":{"publishClientSend":false,"publishClientReceive":true,"subscribe":false,"unsubscribe":true}}"#
        )
        defer { fixture.remove() }
        #expect(fixture.login("u", "secret") == .allow)
        #expect(fixture.login("u", "Secret") == .deny)
        #expect(fixture.check(.subscribe, "a/b", user: "u") == .allow)
        let saved = text(fixture)
        #expect(saved.contains("\"encoded_password\":\t\"$7$101$AAECAwQFBgcICQoL$\(hash)\""))
        #expect(!saved.contains("\"iterations\""))
        #expect(saved.contains("\"textname\":\t\"T\""))
    }

    @Test("What the file holds beyond this version's knowledge is kept")
    func unknownMembers() throws {
        let fixture = try EngineFixture(
            #"{"future":{"a":[1,2.5,null]},"clients":[{"username":"u","quota":5},{"username":"v","password":"x","salt":"y","iterations":1}],"groups":[{"groupname":"g","kind":"k"}],"roles":[{"rolename":"r","limit":true}]}"#
        )
        defer { fixture.remove() }
        _ = fixture.run(#""command":"modifyClient","username":"u","textname":"t""#)
        _ = fixture.run(#""command":"modifyGroup","groupname":"g","textname":"t""#)
        _ = fixture.run(#""command":"modifyRole","rolename":"r","textname":"t""#)
        // Through the journal, then through the file.
        let second = try EngineFixture(in: fixture.directory)
        #expect(second.engine.compact())
        let saved = text(try EngineFixture(in: fixture.directory))
        for part in [
            "\"future\":\t{\"a\":[1,2.5,null]}", "\"quota\":\t5", "\"kind\":\t\"k\"",
            "\"limit\":\ttrue",
            "\"salt\":\t\"y\"",
        ] {
            #expect(saved.contains(part), "\(part) in \(saved)")
        }
    }

    @Test("Unknown members of rules, assignments and the default access are kept, and not answered")
    func unknownNestedMembers() throws {
        let fixture = try EngineFixture(
            #"{"defaultACLAccess":{"subscribe":true,"d1":1},"clients":[{"username":"u","roles":[{"rolename":"r","c1":[2]}]},{"username":"v"}],"groups":[{"groupname":"g","clients":[{"username":"u","m1":"x","priority":4}],"roles":[{"rolename":"r","g1":{}}]}],"roles":[{"rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a","allow":true,"a1":{"b":null}}]}]}"#
        )
        defer { fixture.remove() }
        for command in [
            #""command":"addRoleACL","rolename":"r","acltype":"publishClientSend","topic":"b""#,
            #""command":"modifyClient","username":"u","textname":"t""#,
            #""command":"addGroupRole","groupname":"g","rolename":"q""#,
            #""command":"addGroupClient","groupname":"g","username":"v""#,
            #""command":"setDefaultACLAccess","acls":[{"acltype":"unsubscribe","allow":true}]"#,
        ] {
            _ = fixture.run(command)
        }
        let answers =
            fixture.run(#""command":"listRoles","verbose":true"#)
            + fixture.run(#""command":"listClients","verbose":true"#)
            + fixture.run(#""command":"listGroups","verbose":true"#)
        for member in ["d1", "c1", "m1", "g1", "a1"] { #expect(!answers.contains(member)) }
        // Through the journal, then through the file.
        let second = try EngineFixture(in: fixture.directory)
        #expect(second.engine.compact())
        let saved = text(try EngineFixture(in: fixture.directory))
        for part in [
            "\"d1\":\t1", "\"c1\":\t[2]", "\"m1\":\t\"x\"", "\"g1\":\t{}", "\"a1\":\t{\"b\":null}",
        ] {
            #expect(saved.contains(part), "\(part) in \(saved)")
        }
    }

    @Test("Oddities of a file are passed over as the original does")
    func oddities() throws {
        let fixture = try EngineFixture(
            #"""
            {"CLIENTS":[{"username":"b","disabled":false,"clientid":"","roles":[{"rolename":"r","priority":-999999},{"rolename":"zz"},{}]},
            {"username":"a"},{"username":""},{"x":1},5,{"username":"b","textname":"second"}],
            "roles":[{"rolename":"r","acls":[{"acltype":"SUBSCRIBELITERAL","topic":"x","priority":999999},{"acltype":"subscribeLiteral","topic":"x"}]},{"rolename":"r"}],
            "groups":[{"groupname":"g","clients":[{"username":"b","priority":3},{"username":"zz"}]}],"anonymousGroup":"zz","defaultACLAccess":{"subscribe":true}}
            """#
        )
        defer { fixture.remove() }
        #expect(
            fixture.run(#""command":"listClients","verbose":true"#)
                == #"{"command":"listClients","data":{"totalCount":2,"clients":[{"username":"a","roles":[],"groups":[]},{"username":"b","roles":[{"rolename":"r","priority":-100000}],"groups":[{"groupname":"g","priority":3}]}]}}"#
        )
        #expect(
            fixture.run(#""command":"getRole","rolename":"r""#).contains(
                #""acls":[{"acltype":"subscribeLiteral","topic":"x","priority":100000,"allow":false}]"#
            )
        )
        #expect(fixture.run(#""command":"getAnonymousGroup""#).contains(#""groupname":"""#))
        #expect(fixture.check(.subscribe, "q", user: "a") == .allow)
    }

    @Test(
        "A file that cannot be used is reported, left alone, and changes are refused",
        arguments: [
            "{", "nonsense", #"{"clients":[{"username":}]}"#, #"{"clients":[1,2"#,
            #"{"a":1}}"#.dropLast(2) + "",
        ]
    )
    func brokenFile(_ broken: String) throws {
        let fixture = try EngineFixture(broken)
        defer { fixture.remove() }
        #expect(
            fixture.log == [
                "error Error loading Dynamic security plugin config: File is not valid JSON. (\(fixture.path), line 1)"
            ]
        )
        #expect(fixture.login("u", "p") == .pass)
        #expect(
            fixture.run(#""command":"createRole","rolename":"r""#).contains(
                #""error":"Config file not loaded"#
            )
        )
        fixture.engine.close()
        #expect(try read(fixture.path) == Array(broken.utf8))
    }

    @Test("An empty file is an empty state")
    func emptyFile() throws {
        let fixture = try EngineFixture("")
        defer { fixture.remove() }
        #expect(fixture.log.isEmpty)
        #expect(
            fixture.run(#""command":"createRole","rolename":"r""#) == #"{"command":"createRole"}"#
        )
    }

    // MARK: - Crashes

    /// Commands that touch everything, with the state before the first and after each.
    private func history() throws -> (fixture: EngineFixture, states: [String], lengths: [Int]) {
        let fixture = try EngineFixture(#"{"roles":[{"rolename":"old"}]}"#)
        var states = [text(fixture)]
        var lengths = [0]
        for command in [
            #""command":"createRole","rolename":"r""#,
            #""command":"createGroup","groupname":"g","roles":[{"rolename":"r"}]"#,
            #""command":"createClient","username":"u","password":"p","groups":[{"groupname":"g","priority":4}]"#,
            #""command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]"#,
            #""command":"setAnonymousGroup","groupname":"g""#,
            #""command":"modifyGroup","groupname":"g","clients":[]"#,
            #""command":"deleteRole","rolename":"r""#,
            #""command":"deleteClient","username":"u""#,
        ] {
            #expect(!fixture.run(command).contains("error"))
            states.append(text(fixture))
            lengths.append(try fixture.journal().count)
        }
        return (fixture, states, lengths)
    }

    @Test("A journal cut off at any byte gives the state after the last whole record")
    func cutJournal() throws {
        let (fixture, states, lengths) = try history()
        defer { fixture.remove() }
        let journal = try fixture.journal()
        for length in 0...journal.count {
            try write(Array(journal[..<length]), fixture.journalPath)
            let restarted = try EngineFixture(in: fixture.directory)
            let whole = lengths.lastIndex { $0 <= length } ?? 0
            #expect(text(restarted) == states[whole], "cut at \(length)")
            // The same with the room that was made for what did not reach the disk.
            let zeros = [UInt8](repeating: 0, count: 4_096)
            try write(Array(journal[..<length]) + zeros, fixture.journalPath)
            let padded = try EngineFixture(in: fixture.directory)
            #expect(text(padded) == states[whole], "zeros from \(length) on")
            #expect(!padded.log.contains { $0.hasPrefix("error") })
        }
    }

    @Test("A damaged byte in the journal ends it there, and the next change is kept all the same")
    func damagedJournal() throws {
        let (fixture, states, lengths) = try history()
        defer { fixture.remove() }
        let journal = try fixture.journal()
        for position in stride(from: lengths[1] - 40, to: journal.count, by: 7) {
            var damaged = journal
            damaged[position] ^= 0x20
            try write(damaged, fixture.journalPath)
            let restarted = try EngineFixture(in: fixture.directory)
            let whole = lengths.lastIndex { $0 <= position } ?? 0
            #expect(text(restarted) == states[whole], "damaged at \(position)")
            // Not silently: what stands behind the damage is kept for whoever can use it.
            let isInLastRecord = whole == lengths.count - 2
            #expect(restarted.log.contains { $0.hasPrefix("error") } == !isInLastRecord)
            let copy = fixture.journalPath + ".damaged"
            #expect(FileManager.default.fileExists(atPath: copy) == !isInLastRecord)
            if !isInLastRecord {
                #expect(try read(copy) == damaged)
                try FileManager.default.removeItem(atPath: copy)
            }
            #expect(
                restarted.run(#""command":"createRole","rolename":"after""#)
                    == #"{"command":"createRole"}"#
            )
            #expect(text(try EngineFixture(in: fixture.directory)) == text(restarted))
        }
    }

    @Test("A crash at any point of a compaction loses and repeats nothing")
    func crashInCompaction() throws {
        let (fixture, states, _) = try history()
        defer { fixture.remove() }
        let oldFile = try read(fixture.path)
        let oldJournal = try fixture.journal()
        #expect(fixture.engine.compact())
        let newFile = try read(fixture.path)
        let newJournal = try fixture.journal()
        #expect(newJournal.count < oldJournal.count)
        // Written but not renamed; renamed but the journal not yet shortened; both done.
        for (file, journal) in [
            (oldFile, oldJournal), (oldFile, oldJournal + newJournal),
            (newFile, oldJournal + newJournal),
            (newFile, newJournal), (newFile, []),
        ] {
            try write(file, fixture.path)
            try write(journal, fixture.journalPath)
            try write(Array("half a fi".utf8), fixture.path + ".new")
            let restarted = try EngineFixture(in: fixture.directory)
            #expect(text(restarted) == states.last)
            #expect(restarted.engine.compact())
            #expect(text(try EngineFixture(in: fixture.directory)) == states.last)
        }
    }

    @Test("Changes made while the file is written stay in the journal")
    func changesDuringCompaction() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        let engine = fixture.engine
        let log = fixture.logReader
        DispatchQueue.concurrentPerform(iterations: 2) { index in
            if index == 0 {
                for number in 0..<200 {
                    let answer = EngineDriver(engine).run(
                        #""command":"createRole","rolename":"r\#(number)""#
                    )
                    precondition(answer.contains(#"{"command":"createRole"}"#), answer)
                }
            } else {
                for _ in 0..<40 { precondition(engine.compact(), "\(log())") }
            }
        }
        let restarted = try EngineFixture(in: fixture.directory)
        #expect(text(restarted) == text(fixture))
        #expect(
            restarted.run(#""command":"getDetails""#).contains(
                #""roleCount":200,"changeIndex":200"#
            )
        )
    }

    @Test("A journal is shortened time and again, and goes on in its new file")
    func repeatedCompaction() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for number in 0..<5 {
            #expect(
                !fixture.run(#""command":"createRole","rolename":"r\#(number)""#).contains("error")
            )
            #expect(fixture.engine.compact())
            #expect(try fixture.journal().split(separator: UInt8(ascii: "\n")).count <= 2)
        }
        #expect(text(try EngineFixture(in: fixture.directory)) == text(fixture))
        #expect(!fixture.log.contains { $0.hasPrefix("error") })
    }

    @Test("A file that somebody else replaced counts, and the journal is set aside")
    func foreignFile() throws {
        let (fixture, _, _) = try history()
        defer { fixture.remove() }
        try write(Array(#"{"roles":[{"rolename":"theirs"}]}"#.utf8), fixture.path)
        let restarted = try EngineFixture(in: fixture.directory)
        #expect(restarted.run(#""command":"listRoles""#).contains(#""roles":["theirs"]"#))
        #expect(restarted.log.contains { $0.hasPrefix("warning") && $0.contains("set aside") })
        #expect(FileManager.default.fileExists(atPath: fixture.journalPath + ".unused"))
        #expect(
            restarted.run(#""command":"createRole","rolename":"r""#) == #"{"command":"createRole"}"#
        )
        #expect(
            try EngineFixture(in: fixture.directory).run(#""command":"listRoles""#).contains(
                #"["r","theirs"]"#
            )
        )
    }

    @Test("At a clean end everything is in the file and the journal is gone")
    func cleanEnd() throws {
        let (fixture, states, _) = try history()
        defer { fixture.remove() }
        fixture.engine.close()
        #expect(!FileManager.default.fileExists(atPath: fixture.journalPath))
        #expect(try String(decoding: read(fixture.path), as: UTF8.self) == states.last)
        var information = stat()
        #expect(stat(fixture.path, &information) == 0 && information.st_mode & 0o777 == 0o600)
    }

    @Test("The file is rewritten in the background soon after a change")
    func background() async throws {
        let fixture = try EngineFixture { $0.compactionDelayMilliseconds = 0 }
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createRole","rolename":"r""#)
        let expected = text(fixture)
        let deadline = Date(timeIntervalSinceNow: 10)
        while try String(decoding: read(fixture.path), as: UTF8.self) != expected, Date() < deadline
        {
            fixture.engine.tick()
            await Task.yield()
        }
        #expect(try String(decoding: read(fixture.path), as: UTF8.self) == expected)
    }

    // MARK: - Trouble with the disk

    @Test("A change that cannot be saved is an error in the answer and is taken back")
    func unsavable() throws {
        let fixture = try EngineFixture(
            #"{"clients":[{"username":"u"}],"roles":[{"rolename":"r"}]}"#
        )
        defer { fixture.remove() }
        // Root may write anywhere, but nobody can append to a directory.
        try FileManager.default.createDirectory(
            atPath: fixture.journalPath,
            withIntermediateDirectories: true
        )
        let before = text(fixture)
        let message =
            #"{"commands":[{"command":"createRole","rolename":"n"},{"command":"getDetails"},{"command":"deleteRole","rolename":"r"},{"command":"zz"}]}"#
        let answer = fixture.send(Array(message.utf8))
        let error = "Unable to save the change: Is a directory"
        #expect(answer.contains(#"{"command":"createRole","error":"\#(error)"}"#), "\(answer)")
        #expect(answer.contains(#"{"command":"deleteRole","error":"\#(error)"}"#))
        #expect(answer.contains(#"{"command":"zz","error":"Unknown command"}"#))
        #expect(text(fixture) == before)
        #expect(fixture.engine.takeKicks().isEmpty)
        #expect(fixture.log.contains { $0.hasPrefix("error") && $0.contains(fixture.journalPath) })

        try FileManager.default.removeItem(atPath: fixture.journalPath)
        #expect(
            fixture.run(#""command":"createRole","rolename":"n""#) == #"{"command":"createRole"}"#
        )
        #expect(text(try EngineFixture(in: fixture.directory)) == text(fixture))
    }

    @Test(
        "Without room for zeros behind the records these are kept all the same, one after the other"
    )
    func noRoomForZeros() async {
        await #expect(processExitsWith: .success) {
            // A limit on the length of files is like a disk that is nearly full.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 20_000, rlim_max: 20_000)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            let fixture = try EngineFixture()
            defer { fixture.remove() }
            var saved = 0
            for number in 0..<400 {
                let answer = fixture.run(#""command":"createRole","rolename":"r\#(number)""#)
                if !answer.contains("error") { saved += 1 }
            }
            precondition((100..<400).contains(saved), "some find room, some do not")
            let restarted = try EngineFixture(in: fixture.directory)
            precondition(
                restarted.run(#""command":"getDetails""#).contains(#""roleCount":\#(saved),"#)
            )
        }
    }

    @Test("When the file cannot be written changes stay in the journal and it is said once")
    func unwritableFile() throws {
        let (fixture, states, _) = try history()
        defer { fixture.remove() }
        try FileManager.default.createDirectory(
            atPath: fixture.path + ".new",
            withIntermediateDirectories: true
        )
        #expect(!fixture.engine.compact())
        #expect(!fixture.engine.compact())
        #expect(fixture.log.filter { $0.hasPrefix("error") }.count == 1)
        #expect(text(try EngineFixture(in: fixture.directory)) == states.last)
        try FileManager.default.removeItem(atPath: fixture.path + ".new")
        #expect(fixture.engine.compact())
    }
}
