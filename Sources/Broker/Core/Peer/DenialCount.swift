// SPDX-License-Identifier: Apache-2.0
// How many denials of one client are logged.

/// Counts the denials of one second.
struct DenialCount {
    /// Denials of one client that are logged in a second.
    static let linesMax: UInt32 = 10

    private var second: Int64 = 0
    private var count: UInt32 = 0

    /// Counts one more; returns how many there were in this second.
    mutating func note(at now: Int64) -> UInt32 {
        if now != second {
            second = now
            count = 0
        }
        // Stays where it is rather than begin anew.
        if count < UInt32.max { count += 1 }
        return count
    }
}
