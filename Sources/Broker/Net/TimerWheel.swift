// SPDX-License-Identifier: Apache-2.0
// One deadline per connection, in constant time.

/// Deadlines of one-second resolution, one for each small index (a connection's slot).
///
/// ```
/// second mod 256 -> first index ⇄ next index ⇄ …        (doubly linked through two arrays)
/// ```
/// A deadline further away than the wheel is long stays in its bucket and is looked at once per
/// round. Setting and clearing are O(1); `nextSecond` scans at most 256 buckets. Invariants: what is
/// armed is linked in the bucket of its deadline, which lies behind `checkedSecond`; `cursor` is
/// where the walk through the bucket of `checkedSecond + 1` goes on, so that each entry is looked at
/// once however many of its bucket expire.
struct TimerWheel {
    private static let bucketCount = 256
    private static let none: Int32 = -1

    private var buckets = [Int32](repeating: none, count: bucketCount)
    private var next: [Int32] = []
    private var previous: [Int32] = []
    /// 0 for what is not armed.
    private var deadlines: [Int64] = []
    private var armedCount = 0
    private var checkedSecond: Int64
    /// nil while no bucket is being walked through.
    private var cursor: Int32?

    /// Starts the wheel at the present second; earlier deadlines fire on the next `advance`.
    init(now: Int64) {
        assert(now >= 0)
        checkedSecond = now
    }

    /// Sets or moves the deadline of `index`, in whole seconds of the reactor's clock.
    mutating func set(_ index: Int, deadline: Int64) {
        if index >= deadlines.count { grow(to: index + 1) }
        clear(index)
        // What joins a bucket does so in front of a walk through it.
        let due = max(deadline, checkedSecond + (cursor == nil ? 1 : 2))
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
        if cursor == Int32(index) { cursor = after }
        if before == Self.none {
            buckets[Self.bucket(deadlines[index])] = after
        } else {
            next[Int(before)] = after
        }
        if after != Self.none { previous[Int(after)] = before }
        deadlines[index] = 0
        armedCount -= 1
    }

    /// Takes one index whose deadline is at or before `now`; call until nil, or again later.
    mutating func popExpired(now: Int64) -> Int? {
        if now - checkedSecond > Int64(Self.bucketCount) {
            checkedSecond = now - Int64(Self.bucketCount)
            cursor = nil
        }
        while checkedSecond < now {
            var index = cursor ?? buckets[Self.bucket(checkedSecond + 1)]
            while index != Self.none {
                let after = next[Int(index)]
                if deadlines[Int(index)] <= now {
                    cursor = after
                    clear(Int(index))
                    return Int(index)
                }
                index = after
            }
            cursor = nil
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
        precondition(count <= Int(Int32.max), "slots are small numbers")
        while deadlines.count < count {
            next.append(Self.none)
            previous.append(Self.none)
            deadlines.append(0)
        }
    }

    /// Whether the invariants hold; to be asserted where it may take its time.
    func checkInvariants() -> Bool {
        var count = 0
        for (bucket, head) in buckets.enumerated() {
            var before = Self.none
            var index = head
            while index != Self.none {
                precondition(previous[Int(index)] == before, "the links agree")
                precondition(Self.bucket(deadlines[Int(index)]) == bucket, "in its bucket")
                precondition(deadlines[Int(index)] > checkedSecond, "nothing is passed over")
                before = index
                index = next[Int(index)]
                count += 1
            }
        }
        precondition(count == armedCount, "what is armed is linked")
        precondition(deadlines.count { $0 != 0 } == armedCount, "what is linked is armed")
        return true
    }
}
