// SPDX-License-Identifier: Apache-2.0
// The nodes of all rule trees in one flat hash table that a check reads with few cache misses.

import PluginSDK
import TopicRules

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
