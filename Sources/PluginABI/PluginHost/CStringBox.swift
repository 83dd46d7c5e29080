// SPDX-License-Identifier: Apache-2.0
// A C string that lives as long as the process.

import Glibc

/// A C string for the life of the process.
///
/// `@unchecked Sendable`: written once, before it is seen.
final class CStringBox: @unchecked Sendable {
    let pointer: UnsafePointer<CChar>?

    init(_ text: String?) { pointer = text.map { UnsafePointer(strdup($0)) } ?? nil }
}
