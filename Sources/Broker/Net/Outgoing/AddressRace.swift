// SPDX-License-Identifier: Apache-2.0
// Which addresses of a name are tried when (RFC 8305).

/// The addresses of one name, tried side by side: the next one begins when the last has failed, or
/// has not been there after a while; the first one that is there wins.
///
/// Times are milliseconds of any clock that only goes forward. Knows numbers of addresses alone.
///
/// Invariants: `next <= count`; every open attempt has a number below `next`.
struct AddressRace {
    /// Milliseconds before the next address is tried beside the last one: the Connection Attempt
    /// Delay (RFC 8305 section 5).
    static let attemptDelay: Int64 = 250

    /// What is to be done.
    enum Step: Equatable {
        /// Begin with this address.
        case start(Int)
        /// Nothing until that time; nil: until an attempt ends.
        case wait(until: Int64?)
        /// None is left.
        case failed
    }

    private let count: Int
    private var next = 0
    private var open: Set<Int> = []
    private var lastStart: Int64 = 0

    /// A race of so many addresses.
    init(count: Int) {
        assert(count > 0, "a name without addresses is an error before")
        self.count = count
    }

    /// What is to be done now; ask again until it says to wait.
    mutating func step(now: Int64) -> Step {
        guard next < count else { return open.isEmpty ? .failed : .wait(until: nil) }
        if open.isEmpty || now >= lastStart + Self.attemptDelay {
            open.insert(next)
            lastStart = now
            next += 1
            return .start(next - 1)
        }
        return .wait(until: lastStart + Self.attemptDelay)
    }

    /// An attempt has ended without success: the next one begins at once.
    mutating func noteFailure(_ index: Int) {
        assert(open.contains(index), "an attempt ends once")
        open.remove(index)
        lastStart -= Self.attemptDelay
    }

    /// Addresses in the order in which they are tried: as the resolver has sorted them, but families
    /// in turn, beginning with the first one's (RFC 8305 section 4).
    static func interleaved<Address>(
        _ addresses: [Address],
        family: (Address) -> CInt
    ) -> [Address] {
        guard let first = addresses.first.map(family) else { return [] }
        var leading = addresses.filter { family($0) == first }[...]
        var others = addresses.filter { family($0) != first }[...]
        var result: [Address] = []
        while let address = leading.popFirst() {
            result.append(address)
            if let other = others.popFirst() { result.append(other) }
        }
        return result + others
    }
}
