// SPDX-License-Identifier: Apache-2.0
// Finds locks and atomics in the text of files.

/// Finds the locks and atomics that files declare.
enum Locks {
    /// A lock, named after the type it is in and its property.
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
                    name: "\(file.type(around: number) ?? file.typeName).\(match.output.2)",
                    place: "\(file.path):\(number)"
                )
            }
        }
    }

    /// The types that have atomics, each with a place; a module where they belong to no type.
    static func withAtomics(in files: [SourceFile]) -> [Lock] {
        let pattern = /\b(let|var|typealias) \w+(: | = )[\w<]*\bAtomic[<(]/
        return files.filter(\.isSwift).flatMap { file in
            file.code.compactMap { number, text in
                guard text.has("Atomic"), text.contains(pattern) else { return nil }
                let folders = file.path.split(separator: "/")
                let module = folders.count > 2 ? String(folders[2]) : file.typeName
                return Lock(
                    name: file.type(around: number) ?? module,
                    place: "\(file.path):\(number)"
                )
            }
        }
    }
}
