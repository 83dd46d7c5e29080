// SPDX-License-Identifier: Apache-2.0
// What may be retained under a topic after the broker was killed.

/// What may be retained under a topic whose one publisher knows what was acknowledged.
struct KillRetained: Sendable {
    /// What the topic may hold, in the order it was published; the first was acknowledged.
    private var candidates: [(number: Int, isCleared: Bool)] = [(-1, true)]

    /// A message with this number is published; an empty one clears the topic.
    mutating func note(_ number: Int, isCleared: Bool) { candidates.append((number, isCleared)) }

    /// The broker has acknowledged a number: what was before it is over.
    mutating func acknowledge(_ number: Int) {
        guard let index = candidates.firstIndex(where: { $0.number == number }) else { return }
        candidates.removeFirst(index)
    }

    /// What is wrong with what the topic holds, nil for nothing.
    func complaint(_ topic: String, found: Int?) -> String? {
        let isRight = candidates.contains { $0.isCleared ? found == nil : $0.number == found }
        guard !isRight else { return nil }
        let expected = candidates.map { $0.isCleared ? "none" : "\($0.number)" }
        return "\(topic): \(found.map { "\($0)" } ?? "none") is retained instead of"
            + " [\(expected.joined(separator: ", "))]"
    }
}
