// SPDX-License-Identifier: Apache-2.0
// What a word of a command line stands for.

/// What a word of a command line stands for, which tells a shell what to offer for it.
package enum CommandLineWord: Equatable, Sendable {
    /// The path of a file.
    case file
    /// The path of a directory.
    case directory
    /// A host name or address.
    case host
    /// One of these words; none of them holds a blank or a quote.
    case choice([String])
    /// Anything else: nothing is offered.
    case text
}
