// SPDX-License-Identifier: Apache-2.0
// Names in byte order, as lists and the state file show them.

/// A sorted set of names with cheap changes: a binary search and one move of memory.
package struct SortedNames: Sendable, Equatable {
    /// The names in byte order.
    package private(set) var names: [ByteString]

    /// An empty set.
    package init() {
        names = []
    }

    /// A set of names that are distinct but in any order.
    package init(sorting names: [ByteString]) {
        self.names = names.sorted()
    }

    /// Adds a name; nothing happens when it is there already.
    package mutating func insert(_ name: ByteString) {
        if let last = names.last, last < name {
            names.append(name)
            return
        }
        let index = position(of: name)
        if index < names.count, names[index] == name { return }
        names.insert(name, at: index)
    }

    /// Takes a name out; nothing happens when it is not there.
    package mutating func remove(_ name: ByteString) {
        let index = position(of: name)
        guard index < names.count, names[index] == name else { return }
        names.remove(at: index)
    }

    /// The first position whose name is not smaller.
    private func position(of name: ByteString) -> Int {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle] < name { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
