// SPDX-License-Identifier: Apache-2.0
// The command line of mosquitto_db_dump.

import ProgramOptions

/// A command line that asks for no file to be read.
enum DumpUsage: Error, Equatable {
    /// Say how the program is used: the command line cannot be followed.
    case usage
    /// Print this text and do nothing: it was asked for.
    case answer(String)
}

/// A parsed command line: what to print, and of which file.
struct DumpRequest: Equatable {
    /// What to print.
    enum Form: Equatable {
        /// Each record with its fields.
        case text
        /// How many records of each kind there are.
        case counts
        /// What each client has.
        case clients
        /// Everything as one JSON object.
        case json
    }

    let form: Form
    let path: String

    /// Parses the words behind the program's name: an option or none, and the file.
    init(_ words: [String]) throws(DumpUsage) {
        let completions = CompletionShell.completions(askedBy: words, of: DumpOption.program)
        if let completions { throw .answer(completions) }
        guard let first = words.first else { throw .usage }
        let option = DumpOption(named: first)
        switch option {
        case nil: form = .text
        case .stats: form = .counts
        case .clientStats: form = .clients
        case .json: form = .json
        case .help: throw .answer(DumpOption.helpText)
        }
        let operands = option == nil ? words[...] : words.dropFirst()
        guard operands.count == 1, let path = operands.first else { throw .usage }
        self.path = path
    }
}
