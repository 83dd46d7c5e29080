// SPDX-License-Identifier: Apache-2.0
// Carries out one mosquitto_db_dump command line.

import Glibc
import Persist
import ToolSupport

/// One run of mosquitto_db_dump.
struct DumpProgram {
    let request: DumpRequest

    init(_ request: DumpRequest) { self.request = request }

    /// Prints what the request asks for.
    ///
    /// That a file cannot be opened is said, and no failure: scripts have relied on it.
    func run() throws(ToolFailure) {
        let file = open(request.path, O_RDONLY | O_CLOEXEC)
        guard file != -1 else {
            return Terminal.complain("Error: Unable to open \(request.path)")
        }
        defer { close(file) }
        switch request.form {
        case .text:
            var dump = TextDump()
            let failure = read(file, into: &dump)
            dump.output.flush()
            if let failure { throw failure }
        case .counts:
            var dump = CountDump()
            if let failure = read(file, into: &dump) { throw failure }
            Terminal.write(dump.text, to: STDOUT_FILENO)
        case .clients:
            var dump = ClientDump()
            if let failure = read(file, into: &dump) { throw failure }
            Terminal.write(dump.text, to: STDOUT_FILENO)
        case .json:
            try printJSON(file)
        }
    }

    /// Reads the file once for each kind of record, so that none is kept; before it to its end, so that
    /// nothing is printed of a damaged one.
    private func printJSON(_ file: CInt) throws(ToolFailure) {
        var check = CountDump()
        if let failure = read(file, into: &check) { throw failure }
        var dump = JSONDump()
        for part in JSONDump.Part.allCases {
            guard lseek(file, 0, SEEK_SET) == 0 else {
                throw ToolFailure("Error: \(String(cString: strerror(errno))).")
            }
            dump.begin(part)
            if let failure = read(file, into: &dump) { throw failure }
            dump.endPart()
        }
        dump.end()
    }

    private func read(_ file: CInt, into receiver: inout some DatabaseReceiver) -> ToolFailure? {
        var reader = DatabaseReader(descriptor: file, acceptsNewer: true)
        do throws(DatabaseReadError) {
            try reader.read(into: &receiver)
            return nil
        } catch {
            return ToolFailure(Self.message(for: error))
        }
    }

    /// The original's words, and behind those for damage the place.
    private static func message(for error: DatabaseReadError) -> String {
        switch error.reason {
        case .readFailed, .incompatibleNumberSize, .unsupportedVersion: error.logLine
        case .unrecognisedFormat: "Error: Unrecognised file format."
        default: "Error: Corrupt persistent database.\nError: \(error.description)."
        }
    }
}
