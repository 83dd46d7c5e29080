// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as state file and as control messages of dynamic security.

import DynamicSecurity
import Glibc

/// Where the files are: in memory, so that waiting for the disk takes no time.
private let directory: String = {
    var template = Array("/dev/shm/dynsec-fuzz-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { return "/tmp" }
    atexit {
        _ = unlink(statePath)
        _ = unlink(statePath + ".journal")
        _ = rmdir(directory)
    }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}()

private let statePath = directory + "/state.json"

private func write(_ bytes: [UInt8], to path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    precondition(descriptor >= 0, "the folder in memory takes files")
    let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    precondition(count == bytes.count, "the folder in memory has room")
    close(descriptor)
}

private func makeEngine() -> Engine {
    var settings = Settings()
    settings.configFile = statePath
    settings.passwordIterations = 1
    return Engine(
        path: statePath,
        settings: settings,
        surroundings: Surroundings(
            log: { _, line in
                precondition(!line.utf8.contains(0x0A), "a log line is one line")
            },
            sessions: { users in
                Dictionary(
                    uniqueKeysWithValues: users.map { ($0, [Session(clientID: $0, address: nil)]) }
                )
            }
        )
    )
}

/// What stands in front of the first NUL is the state file, what follows are control messages.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDynamicSecurity(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let parts = UnsafeBufferPointer(start: start, count: count)
        .split(separator: 0, maxSplits: 8, omittingEmptySubsequences: false)
    _ = unlink(statePath + ".journal")
    write(Array(parts[0]), to: statePath)
    let engine = makeEngine()
    let requester = Requester(clientID: "fuzz", username: "admin", address: nil)
    for message in parts.dropFirst() {
        let answer = engine.control(Bytes(rebasing: message), from: requester)
        let document = answer.withUnsafeBufferPointer { JSONDocument(parsingExactly: $0) }
        let isAnswered = document?.withRoot { $0["responses"]?.isArray == true } == true
        precondition(isAnswered, "an answer is JSON with responses")
        _ = engine.takeKicks()
    }
    let model = engine.directory.snapshot()
    if let broken = model.checkInvariants() { preconditionFailure(broken) }
    let text = StateFile.text(of: model)
    if parts.count > 1 {
        let restarted = StateFile.text(of: makeEngine().directory.snapshot())
        precondition(restarted == text, "a restart finds what was answered")
    }
    if let parsed = StateFile.parse(text) {
        precondition(StateFile.text(of: parsed) == text, "a saved state is read as it was written")
    } else {
        preconditionFailure("a saved state is JSON")
    }
    return 0
}
