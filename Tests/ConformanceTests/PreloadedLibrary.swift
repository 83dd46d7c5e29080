// SPDX-License-Identifier: Apache-2.0
// A library that takes the place of some of the system's functions.

import Foundation
import TestSupport

/// A library to be loaded before all others, in a folder of its own, as long as this object lives.
///
/// It is built with the system's compiler, as that of plugins.
final class PreloadedLibrary {
    let directory: String

    /// `source` is C.
    init(_ source: String) throws {
        directory = try Broker.makeDirectory()
        try source.write(toFile: directory + "/library.c", atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(
            "/usr/bin/cc",
            ["-O1", "-shared", "-fPIC", directory + "/library.c", "-o", directory + "/library.so"]
        )
        guard outcome.status == 0 else { throw Mismatch("cc: \(outcome.errors)") }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// What a broker with it needs in its environment.
    var environment: [String: String] { ["LD_PRELOAD": directory + "/library.so"] }
}
