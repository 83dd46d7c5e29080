// SPDX-License-Identifier: Apache-2.0
// No configuration makes more series than a monitoring system likes.

/// How many members of a kind have series of their own; all others together are called `other`.
enum MetricsLimits {
    /// What the others are called.
    static let other = "other"
    static let listenerCount = 24
    static let reactorCount = 32
    static let pluginCount = 24
    static let pluginEventCount = 96
    /// No more series than this, whatever happens.
    static let seriesMax = 2499

    /// The members that have series of their own, and those that have not.
    static func split<Member>(
        _ members: [Member],
        at limit: Int
    ) -> (own: ArraySlice<Member>, others: ArraySlice<Member>) {
        (members.prefix(limit), members.dropFirst(limit))
    }
}
