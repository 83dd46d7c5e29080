// SPDX-License-Identifier: Apache-2.0
// The files of the package, read once for all checks.

import Foundation
import Glibc

/// The files of the package, read once for all checks.
enum SourceTree {
    /// The directory of `Package.swift`.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Folders whose code is ours.
    static let codeFolders = [
        "Sources", "Tests", "Benchmarks", "Fuzz", "plugins-c", "examples", "include",
    ]

    /// All Swift and C files of those folders.
    static let files = codeFolders.flatMap(files(in:)).filter { $0.isSwift || $0.isC }

    /// The Swift files of those folders.
    static let swiftFiles = files.filter(\.isSwift)

    /// The Swift and C files below `Sources`.
    static let sources = files.filter { $0.path.hasPrefix("Sources/") }

    /// Prose and scripts.
    static let documents =
        files(in: "docs") + files(in: "scripts")
        + (files(in: "plugins-c") + files(in: "examples")).filter { $0.path.hasSuffix(".md") }
        + ["README.md", "HACKING.md", "ARCHITECTURE.md", "LOCKS.md", "CHANGELOG.md", "Makefile"]
        .compactMap(file)

    /// The text of one file; nil if there is none.
    static func file(_ path: String) -> SourceFile? {
        guard let data = FileManager.default.contents(atPath: root.path + "/" + path) else {
            return nil
        }
        let text = String(decoding: data, as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return SourceFile(path: path, lines: lines)
    }

    /// The folders below `folder`, each with its path below the package's directory.
    static func folders(in folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: root.path + "/" + folder)
        let paths = (all?.compactMap { $0 as? String } ?? []).filter { !$0.contains("/") }
        return paths.sorted().map { "\(folder)/\($0)" }.filter { path in
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: root.path + "/" + path,
                isDirectory: &isDirectory
            )
            return exists && isDirectory.boolValue
        }
    }

    /// All text files below `folder`, without what a build leaves there.
    private static func files(in folder: String) -> [SourceFile] {
        let extensions = ["swift", "c", "h", "md", "sh"]
        guard let paths = FileManager.default.enumerator(atPath: root.path + "/" + folder) else {
            return []
        }
        return paths.compactMap { $0 as? String }
            .filter { path in
                extensions.contains((path as NSString).pathExtension)
                    && !path.split(separator: "/").contains(".build")
            }
            .sorted()
            .compactMap { file("\(folder)/\($0)") }
    }
}

extension String {
    /// Whether the text contains the word; much faster than `contains` without optimisation.
    func has(_ word: String) -> Bool {
        withCString { strstr($0, word) != nil }
    }
}

extension StringProtocol {
    /// The text without spaces at both ends.
    var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
