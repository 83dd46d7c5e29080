// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any bytes as configuration file either parse or are refused with lines to log.

import Config

/// One file of bytes, included once more from a directory.
private struct FuzzSource: ConfigurationSource {
    let bytes: [UInt8]

    func contents(of path: String) -> ConfigurationFileContents { .bytes(bytes) }
    func entries(ofDirectory path: String) -> [String]? { ["included.conf"] }
    func canonicalPath(ofDirectory path: String) -> DirectoryPath { .absolute(path) }
    func resolutionFailure(of host: String) -> String? { nil }
    var hostName: String { "machine" }
}

/// Parses the bytes, and reloads what came of them into itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConfiguration(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var parser = ConfigurationParser(source: FuzzSource(bytes: bytes))
    do throws(ConfigurationError) {
        try parser.parse(file: "fuzz.conf")
        let configuration = try parser.finish(ports: [1883])
        precondition(!configuration.listeners.isEmpty, "a configuration has a listener")
        for listener in configuration.listeners {
            _ = configuration.allowsAnonymous(on: listener)
            _ = configuration.autoIdPrefix(on: listener)
        }
        let reloaded = try configuration.applyingReload(of: configuration)
        precondition(
            reloaded.listeners.count == configuration.listeners.count,
            "a reload of the same file changes no listener"
        )
    } catch {
        precondition(error.exitCode != 0, "an error has an exit status")
    }
    return 0
}
