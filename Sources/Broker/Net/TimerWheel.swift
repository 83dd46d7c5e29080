// SPDX-License-Identifier: Apache-2.0
// One deadline per connection, in constant time.

/// Deadlines of one-second resolution, one for each small index (a connection's slot).
///
/// ```
/// second mod 256 -> first index ⇄ next index ⇄ …        (doubly linked through two arrays)
/// ```
/// A deadline further away than the wheel is long stays in its bucket and is looked at once per
/// round. Setting and clearing are O(1); `nextSecond` scans at most 256 buckets.
struct TimerWheel {
    private static let bucketCount = 256
    private static let none: Int32 = -1

    private var buckets = [Int32](repeating: none, count: bucketCount)
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var deadlines: [Int64] = []
    private var armedCount = 0
    private var checkedSecond: Int64

    /// Starts the wheel at the present second; earlier deadlines fire on the next `advance`.
    init(now: Int64) {
        checkedSecond = now
    }

    /// Sets or moves the deadline of `index`, in whole seconds of the reactor's clock.
    mutating func set(_ index: Int, deadline: Int64) {
        if index >= deadlines.count { grow(to: index + 1) }
        clear(index)
        let due = max(deadline, checkedSecond + 1)
        deadlines[index] = due
        let bucket = Self.bucket(due)
        let head = buckets[bucket]
        next[index] = head
        previous[index] = Self.none
        if head != Self.none { previous[Int(head)] = Int32(index) }
        buckets[bucket] = Int32(index)
        armedCount += 1
    }

    /// Forgets the deadline of `index`, if it has one.
    mutating func clear(_ index: Int) {
        guard index < deadlines.count, deadlines[index] != 0 else { return }
        let after = next[index]
        let before = previous[index]
        if before == Self.none {
            buckets[Self.bucket(deadlines[index])] = after
        } else {
            next[Int(before)] = after
        }
        if after != Self.none { previous[Int(after)] = before }
        deadlines[index] = 0
        armedCount -= 1
    }

    /// Takes one index whose deadline is at or before `now`; call until nil.
    mutating func popExpired(now: Int64) -> Int? {
        if now - checkedSecond > Int64(Self.bucketCount) {
            checkedSecond = now - Int64(Self.bucketCount)
        }
        while checkedSecond < now {
            var index = buckets[Self.bucket(checkedSecond + 1)]
            while index != Self.none {
                if deadlines[Int(index)] <= now {
                    clear(Int(index))
                    return Int(index)
                }
                index = next[Int(index)]
            }
            checkedSecond += 1
        }
        return nil
    }

    /// The next second at which a bucket must be looked at, or nil when nothing is armed.
    func nextSecond() -> Int64? {
        guard armedCount > 0 else { return nil }
        for step in 1...Int64(Self.bucketCount)
        where buckets[Self.bucket(checkedSecond + step)] != Self.none {
            return checkedSecond + step
        }
        return checkedSecond + Int64(Self.bucketCount)
    }

    private static func bucket(_ second: Int64) -> Int { Int(second & Int64(bucketCount - 1)) }

    private mutating func grow(to count: Int) {
        while deadlines.count < count {
            next.append(Self.none)
            previous.append(Self.none)
            deadlines.append(0)
        }
    }
}
