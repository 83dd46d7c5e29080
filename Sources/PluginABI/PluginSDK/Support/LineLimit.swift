// SPDX-License-Identifier: Apache-2.0
// How many lines a plugin writes about what a client may do with every message.

/// Lets ten lines a second through.
///
/// Its owner keeps it behind a lock; `admits` reads the clock inside.
package struct LineLimit: Sendable {
    private static let linesPerSecond = 10

    private var second = ContinuousClock.now
    private var count = 0

    /// Makes one through which nothing has gone yet.
    package init() {}

    /// Whether one more line may be written now.
    package mutating func admits() -> Bool {
        let now = ContinuousClock.now
        if now - second >= .seconds(1) {
            second = now
            count = 0
        }
        count = min(count + 1, Self.linesPerSecond + 1)
        return count <= Self.linesPerSecond
    }
}
