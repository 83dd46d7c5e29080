// SPDX-License-Identifier: Apache-2.0
// What the client library exports, as its linker script says and as a library has it.

import Foundation

/// The linker script `client.syms`: names of functions and the version nodes they belong to.
package struct ExportList {
    /// The node of each function.
    package let nodes: [String: String]

    /// Reads the script.
    package init() throws {
        let path = Broker.packageRoot + "/client.syms"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var nodes: [String: String] = [:]
        var node = ""
        for line in text.split(separator: "\n") {
            if let head = line.firstMatch(of: /^(\S+) \{$/) { node = String(head.1) }
            guard let entry = line.firstMatch(of: /^ +(\w+);$/) else { continue }
            guard nodes.updateValue(node, forKey: String(entry.1)) == nil else {
                throw Mismatch("\(entry.1) stands twice in client.syms")
            }
        }
        self.nodes = nodes
    }

    /// The names a library exports, with their nodes; those without a node have an empty one.
    package static func symbols(of library: String) throws -> [String: String] {
        let outcome = try ChildProcess.run(
            "/usr/bin/nm",
            ["-D", "--defined-only", "--with-symbol-versions", library]
        )
        guard outcome.status == 0 else { throw Mismatch("nm \(library): \(outcome.errors)") }
        var symbols: [String: String] = [:]
        for line in outcome.output.split(separator: "\n") {
            let words = line.split(separator: " ")
            // The nodes themselves are symbols of type A.
            guard words.count == 3, words[1] != "A" else { continue }
            let parts = words[2].split(separator: "@", maxSplits: 1)
            symbols[String(parts[0])] = parts.count > 1 ? String(parts[1].drop { $0 == "@" }) : ""
        }
        return symbols
    }
}
