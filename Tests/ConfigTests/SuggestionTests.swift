// SPDX-License-Identifier: Apache-2.0
// What somebody may have meant who wrote an unknown word.

import TestSupport
import Testing

@testable import Config

@Suite("Did you mean")
struct SuggestionTests {
    @Test(
        "The distance counts letters put in, left out, changed and exchanged",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1),
            ("abc", "ab", 1), ("abc", "xabc", 1), ("abc", "acb", 1), ("kitten", "sitting", 3),
            ("listner", "listener", 1), ("lsitener", "listener", 1), ("ca", "abc", 3),
        ]
    )
    func distance(left: String, right: String, expected: Int) {
        #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == expected)
    }

    /// The same by its definition.
    private static func naive(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        guard let a = left.last, let b = right.last else { return left.count + right.count }
        var best = naive(left.dropLast(), right.dropLast()) + (a == b ? 0 : 1)
        best = min(best, naive(left.dropLast(), right) + 1, naive(left, right.dropLast()) + 1)
        if left.count > 1, right.count > 1, left.dropLast().last == b, right.dropLast().last == a {
            best = min(best, naive(left.dropLast(2), right.dropLast(2)) + 1)
        }
        return best
    }

    @Test("It is what the definition says, the same both ways")
    func model() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let words = (0..<2).map { _ in
                (0..<Int.random(in: 0...5, using: &random)).map { _ in
                    UInt8.random(in: 97...99, using: &random)
                }
            }
            let distance = Suggestion.distance(words[0], words[1])
            #expect(distance == Self.naive(words[0][...], words[1][...]), "\(words)")
            #expect(distance == Suggestion.distance(words[1], words[0]))
        }
    }

    @Test(
        "The nearest known word is meant, if one is near",
        arguments: [
            ("listner", "listener"), ("Listener", "listener"), ("pasword_file", "password_file"),
            ("allow_anonymus", "allow_anonymous"), ("max_conections", "max_connections"),
            ("persistance", "persistence"), ("log_tpye", "log_type"), ("x", nil), ("", nil),
            ("unknown_thing", nil), ("nonsense", nil), ("listener", nil),
            (String(repeating: "listener", count: 9), nil),
        ] as [(String, String?)]
    )
    func nearest(word: String, meant: String?) {
        let known = [
            "listener", "password_file", "allow_anonymous", "max_connections", "persistence",
            "log_type", "log_dest",
        ]
        #expect(Suggestion.nearest(to: word, among: known) == meant)
        #expect(Suggestion.nearest(to: word, among: known.reversed()) == meant)
    }

    @Test("Every option with a letter left out, doubled or exchanged is found again")
    func options() {
        for (name, section) in OptionNames.bools + OptionNames.ints where section == "" {
            let letters = Array(name)
            let middle = letters.count / 2
            for wrong in [
                String(letters[..<middle] + letters[(middle + 1)...]),
                String(letters[...middle] + letters[middle...]), name.uppercased(),
            ] {
                let line = Outcome("\(wrong) 1").errors.first ?? ""
                #expect(line.hasSuffix(" Did you mean '\(name)'?"), "\(line)")
            }
        }
    }

    @Test(
        "What separates a name from its value is told",
        arguments: [
            ("listener\t1883", "a tab"), ("listener=1883", "'='"), ("listener:1883", "':'"),
        ]
    )
    func separators(line: String, word: String) {
        #expect(
            Outcome(line).errors.first?
                .hasSuffix(" A space, not \(word), separates 'listener' from its value.") == true
        )
    }
}
