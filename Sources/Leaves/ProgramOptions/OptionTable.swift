// SPDX-License-Identifier: Apache-2.0
// The options of a program, of which each is a case of an enumeration.

/// The options of a program, from which its parser, its help and its completions are made.
package protocol OptionTable: CaseIterable {
    /// Its names, its value and what it does.
    var description: CommandLineOption { get }
}

extension OptionTable {
    /// The option of that name, which has its dashes; nil if there is none.
    package init?(named name: String) {
        guard let option = Self.allCases.first(where: { $0.description.names.contains(name) })
        else { return nil }
        self = option
    }
}
