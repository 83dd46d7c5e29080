// SPDX-License-Identifier: Apache-2.0
// Strings of C for the functions of this module.

import Glibc

/// Views a NUL-terminated string as its bytes, without the NUL.
package func bytes(of string: UnsafePointer<CChar>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: string, count: strlen(string))
}

extension StaticString {
    /// The text as a C string that lives for ever.
    package var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
