// SPDX-License-Identifier: Apache-2.0
// Finds locks in the text of files.

/// Finds the locks that files declare.
enum Locks {
    /// A lock, named after the type its file is named after.
    struct Lock {
        let name: String
        let place: String
    }

    /// All properties and constants that are locks.
    static func declared(in files: [SourceFile]) -> [Lock] {
        let pattern = /\b(let|var) (\w+)(: | = )(Mutex|UnsafeReadWriteLocked)[<(]/
        return files.filter(\.isSwift).flatMap { file in
            file.code.compactMap { number, text in
                guard text.has("Mutex") || text.has("UnsafeReadWriteLocked"),
                    let match = text.firstMatch(of: pattern)
                else { return nil }
                return Lock(
                    name: "\(file.typeName).\(match.output.2)",
                    place: "\(file.path):\(number)"
                )
            }
        }
    }
}
