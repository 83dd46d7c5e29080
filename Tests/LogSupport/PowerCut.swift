// SPDX-License-Identifier: Apache-2.0
// What a disk has after a power cut.

/// What a disk has after a power cut.
package enum PowerCut {
    /// What is left of each block that no sync covers.
    package enum Rest {
        /// Everything: the broker was killed, not the machine.
        case all
        /// Nothing.
        case nothing
        /// Everything but one write, counted from the last one, 0.
        case allBut(write: Int)
        /// Everything but so many of the last writes.
        case allButLast(writes: Int)
        /// What chance leaves, block by block of 512 bytes: there, zeros, or the end of the file.
        case random(LogDice)
    }

    /// A file, and what of it is on the disk whatever happens.
    private struct File {
        var bytes: [UInt8] = []
        var synced = 0
        var isNamed = false
        /// A sync has failed: the kernel has forgotten what it has not written.
        var isLost = false
    }

    /// The files after some steps.
    package static func contents(
        after steps: ArraySlice<FileStep>,
        leaving rest: Rest
    ) -> [String: [UInt8]] {
        var files: [String: File] = [:]
        var removed: [String: File] = [:]
        for step in steps {
            switch step {
            case .create(let name): files[name] = File()
            case .append(let name, let bytes): files[name]?.bytes += bytes
            case .sync(let name):
                guard let file = files[name], !file.isLost else { continue }
                files[name]?.synced = file.bytes.count
            case .failedSync(let name): files[name]?.isLost = true
            case .remove(let name):
                removed[name] = files[name]
                files[name] = nil
            case .syncFolder:
                for name in files.keys { files[name]?.isNamed = true }
                removed = [:]
            }
        }
        switch rest {
        case .allBut(let write):
            return hole(steps, write, files.mapValues { ($0.bytes, $0.synced) })
        case .allButLast(let count):
            return shorten(steps, count, files.mapValues { ($0.bytes, $0.synced) })
        case .all, .nothing, .random: break
        }
        guard case .random(var dice) = rest else {
            guard case .nothing = rest else { return files.mapValues(\.bytes) }
            return files.filter(\.value.isNamed).mapValues { Array($0.bytes[..<$0.synced]) }
        }
        var left: [String: [UInt8]] = [:]
        for (name, file) in files.sorted(by: { $0.key < $1.key })
        where file.isNamed || dice.isOne(in: 2) {
            left[name] = tear(file.bytes, file.synced, &dice)
        }
        for (name, file) in removed.sorted(by: { $0.key < $1.key }) where dice.isOne(in: 2) {
            left[name] = tear(file.bytes, file.synced, &dice)
        }
        return left
    }

    /// Zeros in the place of one write that no sync covers.
    private static func hole(
        _ steps: ArraySlice<FileStep>,
        _ write: Int,
        _ files: [String: (bytes: [UInt8], synced: Int)]
    ) -> [String: [UInt8]] {
        let writes = writes(in: steps)
        var left = files.mapValues(\.bytes)
        guard write < writes.count else { return left }
        let (name, range) = writes[writes.count - 1 - write]
        guard let file = files[name], range.lowerBound >= file.synced else { return left }
        for index in range { left[name]?[index] = 0 }
        return left
    }

    /// The files without the last writes that no sync covers.
    private static func shorten(
        _ steps: ArraySlice<FileStep>,
        _ count: Int,
        _ files: [String: (bytes: [UInt8], synced: Int)]
    ) -> [String: [UInt8]] {
        var left = files.mapValues(\.bytes)
        for (name, range) in writes(in: steps).suffix(count) {
            guard let file = files[name], range.lowerBound >= file.synced else { continue }
            if let bytes = left[name] { left[name] = Array(bytes.prefix(range.lowerBound)) }
        }
        return left
    }

    private static func writes(
        in steps: ArraySlice<FileStep>
    ) -> [(name: String, range: Range<Int>)] {
        var ends: [String: Int] = [:]
        var writes: [(name: String, range: Range<Int>)] = []
        for case .append(let name, let bytes) in steps {
            let start = ends[name, default: 0]
            writes.append((name, start..<(start + bytes.count)))
            ends[name] = start + bytes.count
        }
        return writes
    }

    private static func tear(_ bytes: [UInt8], _ synced: Int, _ dice: inout LogDice) -> [UInt8] {
        var left = bytes
        let odds = 2 + dice.roll(4)
        var block = synced
        while block < bytes.count {
            let end = min((block / 512 + 1) * 512, bytes.count)
            if dice.isOne(in: odds) {
                for index in block..<end { left[index] = 0 }
            }
            block = end
        }
        // The length reaches the disk apart from the blocks.
        if dice.isOne(in: 3), bytes.count > synced {
            left.removeLast(dice.roll(bytes.count - synced + 1))
        }
        return left
    }
}
