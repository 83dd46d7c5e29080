// SPDX-License-Identifier: Apache-2.0
// The client library under test, and the original where it is installed.

import Foundation
import TestSupport

/// Where the shared objects of the client library are.
enum ClientLibrary {
    /// The names that programs ask for.
    static let names = ["libmosquitto.so.1", "libmosquittopp.so.1"]

    /// A folder with the library under test: `$CLIENT_LIBRARY`, or one with a link to what was built beside the tests,
    /// and the library for C++ that is made for it here.
    static let folder: Result<String, any Error> = Result {
        if let given = ProcessInfo.processInfo.environment["CLIENT_LIBRARY"] { return given }
        let folder = try Broker.makeDirectory()
        let library = "\(folder)/\(names[0])"
        try FileManager.default.createSymbolicLink(
            atPath: library,
            withDestinationPath: Broker.built("libmosquitto-client.so")
        )
        let outcome = try ChildProcess.run(
            Broker.packageRoot + "/scripts/mosquittopp.sh",
            [library, "\(folder)/\(names[1])"],
            seconds: 60
        )
        guard outcome.status == 0 else { throw Mismatch("mosquittopp.sh: \(outcome.errors)") }
        return folder
    }

    /// The path of one of `names`.
    static func path(_ name: String) throws -> String { "\(try folder.get())/\(name)" }

    /// Whether programs can be built for the original, 2.0, and run on it.
    static let hasOriginal = [
        "/usr/include/mosquitto.h", "/usr/include/mosquittopp.h",
    ].allSatisfy { FileManager.default.fileExists(atPath: $0) }

    /// Removes what the tests have made.
    static func cleanUp() {
        guard ProcessInfo.processInfo.environment["CLIENT_LIBRARY"] == nil else { return }
        if let path = try? folder.get() { try? FileManager.default.removeItem(atPath: path) }
    }
}
