// SPDX-License-Identifier: Apache-2.0
// Result codes under short names, for the functions of this module.

import CMosquitto
import Glibc

/// The `MOSQ_ERR_*` values that functions of the interface return.
package enum ResultCode {
    package static let success = MOSQ_ERR_SUCCESS.rawValue
    package static let noMemory = MOSQ_ERR_NOMEM.rawValue
    package static let protocolError = MOSQ_ERR_PROTOCOL.rawValue
    package static let invalid = MOSQ_ERR_INVAL.rawValue
    package static let notFound = MOSQ_ERR_NOT_FOUND.rawValue
    package static let notSupported = MOSQ_ERR_NOT_SUPPORTED.rawValue
    package static let notAuthorized = MOSQ_ERR_AUTH.rawValue
    package static let unknown = MOSQ_ERR_UNKNOWN.rawValue
    package static let systemError = MOSQ_ERR_ERRNO.rawValue
    package static let malformedUTF8 = MOSQ_ERR_MALFORMED_UTF8.rawValue
    package static let duplicateProperty = MOSQ_ERR_DUPLICATE_PROPERTY.rawValue
}

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
