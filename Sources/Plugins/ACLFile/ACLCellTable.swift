// SPDX-License-Identifier: Apache-2.0
// The nodes of all rule trees in one flat hash table that a check reads with few cache misses.

import PluginSDK

/// One node of a tree of topic levels, together with the edge that leads to it.
///
/// 32 bytes, so that two share a cache line:
///
///     0      4       8     12      14     15       16            32
///     | node | parent| hash| length| exact| subtree| level, 16 B |
///
/// A level of up to sixteen bytes stands in the cell itself; of a longer one the first eight do, then where the whole
/// stands in `ACLCellTable.longLevels`.
struct ACLCell: Sendable {
    /// A number, from 1; 0 marks an empty slot.
    var node: UInt32 = 0
    var parent: UInt32 = 0
    /// The lower half of the path's hash, which also chooses the slot.
    var hash: UInt32 = 0
    var length: UInt16 = 0
    /// Rules that end here, and whether there is a child by `+` or `%c`.
    var exact = ACLNodeBits()
    /// Rules that end here with `#`, and whether there is a child by `%u`.
    var subtree = ACLNodeBits()
    var level: (UInt64, UInt64) = (0, 0)
}

/// Rights, rights for clients with a user name only, and two marks, in one byte.
struct ACLNodeBits: Sendable {
    private var bits: UInt8 = 0
    private static let rightsMask: UInt8 = 0x07
    private static let firstMark: UInt8 = 0x08
    private static let secondMark: UInt8 = 0x80

    mutating func insert(_ rights: ACLRights, forNamedOnly: Bool) {
        bits |= rights.rawValue << (forNamedOnly ? 4 : 0)
    }

    func forClient(hasUsername: Bool) -> ACLRights {
        ACLRights(rawValue: (hasUsername ? bits | bits >> 4 : bits) & Self.rightsMask)
    }

    var hasFirstMark: Bool {
        get { bits & Self.firstMark != 0 }
        set { bits = newValue ? bits | Self.firstMark : bits & ~Self.firstMark }
    }

    var hasSecondMark: Bool {
        get { bits & Self.secondMark != 0 }
        set { bits = newValue ? bits | Self.secondMark : bits & ~Self.secondMark }
    }
}

/// A level of a topic, or what stands for any or a certain one, ready to be looked for.
struct ACLLevel {
    /// Lengths that no level has: wildcards and placeholders are edges like all others.
    private static let special: UInt16 = .max

    private(set) var start = 0
    private(set) var end = 0
    private(set) var length: UInt16 = 0
    private(set) var words: (UInt64, UInt64) = (0, 0)
    /// A hash of the bytes.
    private(set) var digest: UInt64 = 0

    /// No level at all.
    init() {}

    /// The level that begins at `start`; it ends at the next separator.
    init(of topic: Span<UInt8>, from start: Int, seed: UInt64) {
        self.init(of: topic, from: start, seed: seed, endsAtSeparator: true)
    }

    /// All of a user name.
    init(name: Span<UInt8>, seed: UInt64) {
        self.init(of: name, from: 0, seed: seed, endsAtSeparator: false)
    }

    /// Something that no text stands for.
    init(special number: UInt64, seed: UInt64) {
        length = Self.special
        words.0 = number
        digest = Self.mix(seed ^ number, 0x9E37_79B9_7F4A_7C15)
    }

    private init(of bytes: Span<UInt8>, from start: Int, seed: UInt64, endsAtSeparator: Bool) {
        self.start = start
        var place = start
        var state = seed
        var word: UInt64 = 0
        while place < bytes.count {
            let byte = bytes[place]
            if byte == .slash, endsAtSeparator { break }
            // Every eight bytes a word is complete; the first two are kept.
            word = word << 8 | UInt64(byte)
            place += 1
            guard (place - start) & 7 == 0 else { continue }
            state = Self.mix(state ^ word, 0xD6E8_FEB8_6659_FD93)
            keep(word, ofByte: place - start - 8)
            word = 0
        }
        end = place
        length = UInt16(clamping: min(place - start, Int(Self.special) - 1))
        if (place - start) & 7 != 0 { keep(word, ofByte: (place - start) & ~7) }
        digest = Self.mix(state ^ word, 0x9E37_79B9_7F4A_7C15 ^ UInt64(place - start))
    }

    private mutating func keep(_ word: UInt64, ofByte place: Int) {
        if place == 0 { words.0 = word }
        if place == 8 { words.1 = word }
    }

    /// Whether all of it is in `words`.
    var isShort: Bool { end - start <= 16 }

    /// The hash of a path that goes on with this level.
    func path(after parent: UInt64) -> UInt64 { Self.mix(parent ^ digest, 0xD6E8_FEB8_6659_FD93) }

    /// Both halves of the product, so that every bit depends on every other.
    private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}

/// All nodes by the path that leads to them; open addressing, never more than half full.
///
/// Where a node stands depends on the bytes of its path alone, not on where its parent stands. So all nodes on the way
/// to a topic can be fetched at once, which is what makes a check among very many rules as fast as memory allows.
struct ACLCellTable: Sendable {
    /// Unknown to those who choose topics.
    let seed = UInt64.random(in: .min ... .max)
    private var cells = [ACLCell](repeating: ACLCell(), count: 16)
    private var count = 0
    private var lastNode: UInt32
    private var longLevels: [UInt8] = []

    /// A table that gives nodes numbers above `reserved`.
    init(reserved: UInt32) {
        lastNode = reserved
    }

    /// The cell of a child; `path` is the hash of the child's path.
    func find(
        _ level: ACLLevel,
        under parent: UInt32,
        path: UInt64,
        in text: Span<UInt8>
    ) -> ACLCell? {
        place(of: level, under: parent, path: path, in: text).map { cells[$0] }
    }

    /// Whether a path may lead somewhere: false is certain.
    func mayContain(path: UInt64) -> Bool { cells[slot(path)].node != 0 }

    private func slot(_ path: UInt64) -> Int { Int(truncatingIfNeeded: path) & (cells.count - 1) }

    private static func hash(_ path: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: path) }

    private func place(
        of level: ACLLevel,
        under parent: UInt32,
        path: UInt64,
        in text: Span<UInt8>
    ) -> Int? {
        let hash = Self.hash(path)
        var slot = slot(path)
        while cells[slot].node != 0 {
            if cells[slot].hash == hash, cells[slot].parent == parent,
                cells[slot].length == level.length, cells[slot].level.0 == level.words.0,
                level.isShort
                    ? cells[slot].level.1 == level.words.1
                    : isLong(level, at: cells[slot], in: text)
            {
                return slot
            }
            slot = (slot + 1) & (cells.count - 1)
        }
        return nil
    }

    private func isLong(_ level: ACLLevel, at cell: ACLCell, in text: Span<UInt8>) -> Bool {
        let start = Int(cell.level.1)
        let range = start..<start + level.end - level.start
        return text.equals(longLevels.span, range, in: level.start..<level.end)
    }

    /// Finds or makes the cell of a child, lets `change` change it, and returns it.
    @discardableResult
    mutating func update(
        _ level: ACLLevel,
        under parent: UInt32,
        path: UInt64,
        in text: Span<UInt8>,
        _ change: (inout ACLCell) -> Void = { _ in }
    ) -> ACLCell {
        if let place = place(of: level, under: parent, path: path, in: text) {
            change(&cells[place])
            return cells[place]
        }
        if count * 2 >= cells.count { grow() }
        lastNode += 1
        var cell = ACLCell()
        cell.node = lastNode
        cell.parent = parent
        cell.hash = Self.hash(path)
        cell.length = level.length
        cell.level = level.words
        if !level.isShort {
            cell.level.1 = UInt64(longLevels.count)
            for index in level.start..<level.end { longLevels.append(text[index]) }
        }
        change(&cell)
        put(cell)
        count += 1
        return cell
    }

    private mutating func grow() {
        let old = cells
        cells = [ACLCell](repeating: ACLCell(), count: old.count * 2)
        for cell in old where cell.node != 0 { put(cell) }
    }

    private mutating func put(_ cell: ACLCell) {
        var slot = Int(cell.hash) & (cells.count - 1)
        while cells[slot].node != 0 { slot = (slot + 1) & (cells.count - 1) }
        cells[slot] = cell
    }
}
