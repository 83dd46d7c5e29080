// SPDX-License-Identifier: Apache-2.0
// A hash table from usernames to accounts that is searched without making a key object.

/// An account as the data path sees it.
struct AccessEntry {
    /// The account.
    let client: Client
    /// The roles that apply, in order of evaluation; nil until somebody asks.
    var roles: [Role]?
}

/// Open addressing with linear probing; at most three quarters full.
///
/// Not a `Dictionary` because a look-up comes with bytes of the broker: making a key of them would
/// cost an allocation per access check.
struct NameTable {
    private var slots: [AccessEntry?] = []
    private var count = 0

    /// The account of this name.
    subscript(name: Bytes) -> AccessEntry? {
        guard let index = find(name) else { return nil }
        return slots[index]
    }

    /// Adds an account or replaces the one of the same name.
    mutating func put(_ entry: AccessEntry) {
        let name = entry.client.username.bytes
        if let index = name.withUnsafeBufferPointer({ find($0) }) {
            slots[index] = entry
            return
        }
        if (count + 1) * 4 > slots.count * 3 { grow() }
        place(entry)
        count += 1
    }

    /// Remembers or forgets the roles that apply to an account.
    mutating func setRoles(_ roles: [Role]?, of name: Bytes) {
        guard let index = find(name) else { return }
        slots[index]?.roles = roles
    }

    /// Takes an account out and closes the gap, so that every probe sequence stays unbroken.
    mutating func remove(_ name: Bytes) {
        guard var gap = find(name) else { return }
        slots[gap] = nil
        count -= 1
        let mask = slots.count - 1
        var index = (gap + 1) & mask
        while let entry = slots[index] {
            let home = entry.client.username.bytes.withUnsafeBufferPointer {
                NameTable.hash($0) & mask
            }
            if (index - home) & mask >= (index - gap) & mask {
                slots[gap] = entry
                slots[index] = nil
                gap = index
            }
            index = (index + 1) & mask
        }
    }

    private func find(_ name: Bytes) -> Int? {
        guard !slots.isEmpty else { return nil }
        let mask = slots.count - 1
        var index = NameTable.hash(name) & mask
        while let entry = slots[index] {
            let isSame = entry.client.username.bytes.withUnsafeBufferPointer {
                equalBytes($0, name)
            }
            if isSame { return index }
            index = (index + 1) & mask
        }
        return nil
    }

    private mutating func place(_ entry: AccessEntry) {
        let mask = slots.count - 1
        var index = entry.client.username.bytes.withUnsafeBufferPointer {
            NameTable.hash($0) & mask
        }
        while slots[index] != nil { index = (index + 1) & mask }
        slots[index] = entry
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: nil, count: max(8, old.count * 2))
        for case let entry? in old { place(entry) }
    }

    /// Seeded per process, so that nobody can choose names that collide.
    private static func hash(_ name: Bytes) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(name))
        return hasher.finalize()
    }
}
