// SPDX-License-Identifier: Apache-2.0
// The numbered statements of the standards, and where tags name them.

import Foundation

/// A numbered statement of MQTT 5.0 or 3.1.1.
struct Clause: Hashable, Comparable, CustomStringConvertible {
    /// A standard that numbers its statements.
    enum Standard: String, CaseIterable {
        case v5 = "MQTT"
        case v311 = "MQTT311"
    }

    let standard: Standard
    /// As in `3.1.2-8`.
    let number: String

    /// As it stands in code, tests and documents.
    var description: String { "[\(standard.rawValue)-\(number)]" }

    static func < (one: Clause, other: Clause) -> Bool {
        one.description.compare(other.description, options: .numeric) == .orderedAscending
    }

    /// The clauses that a text names.
    static func named(in text: String) -> [Clause] {
        guard text.has("[MQTT") else { return [] }
        let tags = text.matches(of: #/\[(MQTT|MQTT311)-([0-9]+(?:\.[0-9]+)+-[0-9]+)\]/#)
        return tags.compactMap { match in
            Standard(rawValue: String(match.output.1)).map {
                Clause(standard: $0, number: String(match.output.2))
            }
        }
    }

    /// All there are: appendix B of MQTT 5.0 and of MQTT 3.1.1, and of 5.0 the four of chapter 6.
    static let all: Set<Clause> = Set(
        [(Standard.v5, last5), (.v311, last311)].flatMap { standard, sections in
            sections.flatMap { section, last in
                // 5.0 has no 2.2.1-1.
                let first = standard == .v5 && section == "2.2.1" ? 2 : 1
                return (first...last).map { Clause(standard: standard, number: "\(section)-\($0)") }
            }
        }
    )

    /// The last number of each section of 5.0.
    private static let last5 = [
        "1.5.4": 3, "1.5.5": 1, "1.5.7": 1, "2.1.3": 1, "2.2.1": 6, "2.2.2": 1, "3.1.0": 2,
        "3.1.2": 30, "3.1.3": 12, "3.1.4": 6, "3.2.0": 2, "3.2.2": 22, "3.3.1": 13, "3.3.2": 20,
        "3.3.4": 10, "3.4.2": 3, "3.5.2": 3, "3.6.1": 1, "3.6.2": 3, "3.7.2": 3, "3.8.1": 1,
        "3.8.3": 5, "3.8.4": 8, "3.9.2": 2, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6,
        "3.11.2": 2, "3.11.3": 2, "3.12.4": 1, "3.14.0": 1, "3.14.1": 1, "3.14.2": 4, "3.14.4": 3,
        "3.15.1": 1, "3.15.2": 3, "4.1.0": 2, "4.2.0": 1, "4.3.1": 1, "4.3.2": 5, "4.3.3": 13,
        "4.4.0": 2, "4.5.0": 2, "4.6.0": 6, "4.7.0": 1, "4.7.1": 2, "4.7.2": 1, "4.7.3": 4,
        "4.8.2": 6, "4.9.0": 3, "4.12.0": 7, "4.12.1": 2, "4.13.1": 1, "4.13.2": 1, "6.0.0": 4,
    ]

    /// The last number of each section of 3.1.1.
    private static let last311 = [
        "1.5.3": 3, "2.2.2": 2, "2.3.1": 7, "3.1.0": 2, "3.1.2": 24, "3.1.3": 11, "3.1.4": 5,
        "3.2.0": 1, "3.2.2": 6, "3.3.1": 12, "3.3.2": 3, "3.3.4": 1, "3.3.5": 2, "3.6.1": 1,
        "3.8.1": 1, "3.8.3": 4, "3.8.4": 6, "3.9.3": 2, "3.10.1": 1, "3.10.3": 2, "3.10.4": 6,
        "3.12.4": 1, "3.14.1": 1, "3.14.4": 3, "4.1.0": 2, "4.3.1": 1, "4.3.2": 2, "4.3.3": 2,
        "4.4.0": 1, "4.5.0": 2, "4.6.0": 6, "4.7.1": 3, "4.7.2": 1, "4.7.3": 4, "4.8.0": 2,
        "6.0.0": 4, "7.0.0": 2, "7.1.1": 1, "7.1.2": 1,
    ]
}
