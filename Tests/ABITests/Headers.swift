// SPDX-License-Identifier: Apache-2.0
// The public headers as text: which there are, what they declare, and a compiler to try them with.

import Foundation
import TestSupport

/// A language the headers are compiled in.
enum Language: String, CaseIterable, Sendable {
    case c99, c11
    case cxx11 = "c++11"
    case cxx20 = "c++20"

    /// The languages a header is for.
    static func languages(of path: String) -> [Language] {
        path.hasSuffix("mosquittopp.h") ? [.cxx11, .cxx20] : allCases
    }

    /// Arguments of `cc` that choose it.
    var arguments: [String] { ["-x", rawValue.hasPrefix("c++") ? "c++" : "c", "-std=\(rawValue)"] }
}

/// A function declared in a header.
struct Declaration: Sendable {
    let name: String
    /// The mark in front: who exports it.
    let mark: String
    /// The comment right above it, or that of the preprocessor block it stands in.
    let comment: String
}

/// Reads the folder `include`.
enum Headers {
    static let folder = Broker.packageRoot + "/include"
    static let sources = Broker.packageRoot + "/Tests/ABITests/C"

    /// All headers, as paths below `include`.
    static let paths: [String] = {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".h") }.sorted()
    }()

    /// The text of a header.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
    }

    /// The functions a header declares.
    static func declarations(in path: String) throws -> [Declaration] {
        var found: [Declaration] = []
        var comment = ""
        var isInComment = false
        let lines = try text(path).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("/*") {
                comment = ""
                isInComment = true
            }
            if isInComment { comment += line + "\n" }
            if line.contains("*/") { isInComment = false }
            guard let mark = marks.first(where: { line.hasPrefix($0 + " ") }) else { continue }
            let declaration = lines[index...].prefix(3).joined(separator: " ")
            guard let name = declaration.firstMatch(of: /(\w+)\(/)?.1 else { continue }
            found.append(Declaration(name: String(name), mark: mark, comment: comment))
        }
        return found
    }

    /// All functions with one of these marks.
    static func declarations(marked marks: Set<String>) throws -> [Declaration] {
        try paths.flatMap(declarations(in:)).filter { marks.contains($0.mark) }
    }

    /// All functions that the broker exports by the headers.
    static func exported() throws -> [Declaration] {
        try declarations(marked: ["mosq_EXPORT", "libmosqcommon_EXPORT"])
    }

    /// Runs the C compiler over a file or, with `input`, over a line of source.
    static func compile(_ arguments: [String], input: String? = nil) throws -> Outcome {
        var command = "exec cc -fsyntax-only -Wall -Wextra -Werror \"$@\""
        if let input {
            command = "printf '%s\\n' '\(input)' | cc -fsyntax-only -Wall -Wextra -Werror \"$@\" -"
        }
        return try ChildProcess.run("/bin/sh", ["-c", command, "sh"] + arguments)
    }

    private static let marks = [
        "mosq_EXPORT", "libmosqcommon_EXPORT", "libmosq_EXPORT", "mosq_plugin_EXPORT",
    ]
}
