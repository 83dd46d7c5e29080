// SPDX-License-Identifier: Apache-2.0
// Chance that can be repeated.

// The fuzzer compiles that file into the module of its own.
#if canImport(TestSupport)
import struct TestSupport.SplitMix64
#endif

/// Decides what a script does: by the bytes of a fuzzer as long as there are any, or by a seed.
struct Dice {
    private var bytes: ArraySlice<UInt8>
    private var generator: SplitMix64
    private let isSeeded: Bool

    /// Never runs dry.
    init(seed: UInt64) {
        bytes = []
        generator = SplitMix64(seed: seed)
        isSeeded = true
    }

    /// Runs dry with the bytes.
    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = Array(bytes)[...]
        generator = SplitMix64(seed: 1)
        isSeeded = false
    }

    /// Whether the bytes are used up; from then on every roll is 0.
    var isDry: Bool { !isSeeded && bytes.isEmpty }

    /// A number below `sides`.
    mutating func roll(_ sides: Int) -> Int {
        precondition(sides > 0, "a die has sides")
        if isSeeded { return generator.next(below: sides) }
        guard let low = bytes.popFirst() else { return 0 }
        guard sides > 256 else { return Int(low) % sides }
        return (Int(low) | Int(bytes.popFirst() ?? 0) << 8) % sides
    }

    /// True once in `sides` times.
    mutating func isOne(in sides: Int) -> Bool { roll(sides) == sides - 1 }

    /// One of them.
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[roll(elements.count)]
    }
}
