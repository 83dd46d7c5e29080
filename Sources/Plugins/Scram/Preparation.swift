// SPDX-License-Identifier: Apache-2.0
// User names in the one form in which they may be compared (SASLprep, RFC 4013).

import CIDN

/// What a name is prepared for.
enum Preparation {
    /// To be looked up.
    case query
    /// To be kept: code points that Unicode 3.2 does not know are refused.
    case stored

    /// The length of the longest name in bytes.
    static let lengthMax = 1024

    /// Prepares a name in UTF-8: characters without meaning go, odd blanks become blanks, and the rest is
    /// normalised (NFKC).
    ///
    /// Returns `nil` if it is malformed, prohibited or too long, or if nothing is left of it.
    func prepare(_ name: some Collection<UInt8>) -> [UInt8]? {
        guard name.count <= Preparation.lengthMax, !name.contains(0) else { return nil }
        var text = name.map { CChar(bitPattern: $0) }
        text += [CChar](repeating: 0, count: Preparation.lengthMax + 1 - text.count)
        let result = cidn_saslprep(&text, text.count, self == .stored ? 1 : 0)
        guard result == STRINGPREP_OK.rawValue, text[0] != 0 else { return nil }
        return text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }
}
