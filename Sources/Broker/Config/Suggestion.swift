// SPDX-License-Identifier: Apache-2.0
// What somebody who wrote an unknown word may have meant.

/// Finds the known word that an unknown one was probably meant to be.
package enum Suggestion {
    /// Nothing is near to longer words.
    private static let lengthMax = 64

    /// The known word nearest to `word`; nil if none is near.
    ///
    /// Near is a third of the letters, three at most. The order of `known` does not matter: of several
    /// that are as near the first by alphabet counts.
    package static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        let lowercased = word.lowercased()
        let letters = Array(lowercased.utf8)
        guard (2...lengthMax).contains(letters.count) else { return nil }
        let limit = min(3, max(1, letters.count / 3))
        var best: (distance: Int, word: String)?
        for candidate in known where candidate != word {
            let other = Array(candidate.lowercased().utf8)
            guard abs(other.count - letters.count) <= limit else { continue }
            let distance = distance(letters, other)
            guard distance <= limit else { continue }
            guard let found = best else {
                best = (distance, candidate)
                continue
            }
            if (distance, candidate) < (found.distance, found.word) { best = (distance, candidate) }
        }
        return best?.word
    }

    /// What an error line about an unknown word ends in: ` Did you mean 'listener'?`, or nothing.
    package static func question(about word: String, among known: some Sequence<String>) -> String {
        nearest(to: word, among: known).map { " Did you mean '\($0)'?" } ?? ""
    }

    /// How many letters have to be put in, left out, changed, or exchanged with the next one, to make
    /// one word of the other (optimal string alignment).
    package static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var before: [Int] = []
        var previous = Array(0...right.count)
        for row in 1...left.count {
            var current = [row]
            current.reserveCapacity(right.count + 1)
            for column in 1...right.count {
                let isSame = left[row - 1] == right[column - 1]
                var cost = min(
                    previous[column] + 1,
                    current[column - 1] + 1,
                    previous[column - 1] + (isSame ? 0 : 1)
                )
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    cost = min(cost, before[column - 2] + 1)
                }
                current.append(cost)
            }
            before = previous
            previous = current
        }
        return previous[right.count]
    }
}
