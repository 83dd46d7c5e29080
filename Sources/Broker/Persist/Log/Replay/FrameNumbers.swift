// SPDX-License-Identifier: Apache-2.0
// The numbers of the last frames of all reactors.

/// The numbers of the last frames of all reactors.
struct FrameNumbers {
    /// Most frames of one reactor that are looked for behind broken bytes.
    private static let lostMax: UInt64 = 1 << 24

    private var last = [UInt64](repeating: 0, count: 256)

    /// Whether a frame may come some frames later than the last one.
    func mayFollow(_ head: LogFrameHead) -> Bool {
        let last = last[Int(head.reactor)]
        return head.number > last && (last == 0 || head.number - last <= Self.lostMax)
    }

    /// What a frame is, by its number.
    enum Order {
        case next
        /// It was there before.
        case repeated
        /// Others are missing before it.
        case gap
    }

    /// Takes the number of a frame in.
    mutating func accept(_ head: LogFrameHead) -> Order {
        let before = last[Int(head.reactor)]
        guard head.number > before else { return .repeated }
        last[Int(head.reactor)] = head.number
        return before == 0 || head.number == before + 1 ? .next : .gap
    }
}
