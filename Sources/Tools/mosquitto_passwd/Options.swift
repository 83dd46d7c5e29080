// SPDX-License-Identifier: Apache-2.0
// The command line of mosquitto_passwd, with the texts scripts know.

import ProgramOptions

/// What one run of the program is asked to do.
enum Action: Equatable {
    /// Set a user's password in an existing file, or in a new one.
    case set(user: String, password: [UInt8]?, creating: Bool)
    /// Remove a user.
    case delete(user: String)
    /// Hash every password of a file of plain-text entries.
    case hashAll
}

/// A command line that cannot be followed.
enum UsageError: Error, Equatable {
    /// Say how the program is used.
    case usage
    /// Print this text and do nothing: it was asked for.
    case answer(String)
    /// Say this text.
    case message(String)
}

/// A parsed command line.
///
/// Options stand before FILE; the first word that is no option, whatever it looks like, is FILE.
struct Options: Equatable {
    var path = ""
    var action = Action.hashAll
    var algorithm = PasswordAlgorithm.sha512PBKDF2
    var iterations: Int32 = 1000

    private var isBatch = false
    private var isCreating = false
    private var isDeleting = false
    private var isHashingAll = false

    /// Parses the words behind the program's name; a password may be any bytes.
    init(_ words: [[UInt8]]) throws(UsageError) {
        guard !words.isEmpty else { throw .usage }
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        let completions = CompletionShell.completions(askedBy: texts, of: PasswdOption.program)
        if let completions { throw .answer(completions) }
        if texts.contains("--help") { throw .answer(Self.usage + "\n") }
        let count = try parseFlags(texts[...]).count
        try checkCombinations()
        try parseOperands(words.suffix(count))
    }

    private mutating func parseFlags(
        _ words: ArraySlice<String>
    ) throws(UsageError) -> ArraySlice<String> {
        var rest = words
        while let word = rest.first, let option = PasswdOption(named: word) {
            switch option {
            case .batch: isBatch = true
            case .create: isCreating = true
            case .delete: isDeleting = true
            case .hashAll: isHashingAll = true
            case .hash: try parseAlgorithm(Self.value(of: word, &rest))
            case .iterations: try parseIterations(Self.value(of: word, &rest))
            case .help: throw .answer(Self.usage + "\n")
            }
            rest = rest.dropFirst()
        }
        return rest
    }

    private static func value(
        of option: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        rest = rest.dropFirst()
        guard let value = rest.first else {
            throw .message("Error: \(option) argument given but not enough other arguments.")
        }
        return value
    }

    private mutating func parseAlgorithm(_ name: String) throws(UsageError) {
        guard let known = PasswordAlgorithm(rawValue: name) else {
            throw .message("Error: Unknown hash type '\(name)'")
        }
        algorithm = known
    }

    private mutating func parseIterations(_ text: String) throws(UsageError) {
        guard let count = Int32(text), count > 0 else {
            throw .message("Error: Number of iterations must be > 0.")
        }
        iterations = count
    }

    private func checkCombinations() throws(UsageError) {
        let forbidden = [
            (isCreating && isDeleting, "-c and -D"),
            (isCreating && isHashingAll, "-c and -U"),
            (isDeleting && isHashingAll, "-D and -U"),
            (isBatch && isDeleting, "-b and -D"),
        ]
        if let (_, pair) = forbidden.first(where: { $0.0 }) {
            throw .message("Error: \(pair) cannot be used together.")
        }
    }

    private mutating func parseOperands(_ operands: [[UInt8]]) throws(UsageError) {
        let count = isHashingAll ? 1 : isBatch ? 3 : 2
        if operands.count < count || isHashingAll && operands.count > count,
            let missing = missingOperands
        {
            throw .message(missing)
        }
        guard operands.count == count else { throw .usage }
        path = try text(operands[0], "Password file name")
        guard !isHashingAll else { return }
        let user = try text(operands[1], "Username")
        if isDeleting {
            action = .delete(user: user)
        } else {
            let password = isBatch ? operands[2] : nil
            action = .set(user: user, password: password, creating: isCreating)
        }
    }

    private func text(_ bytes: [UInt8], _ title: String) throws(UsageError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .message("Error: \(title) must be valid UTF-8.")
        }
        return text
    }

    private var missingOperands: String? {
        if isCreating && isBatch {
            return "Error: -c argument given but password file, username, or password missing."
        }
        if isCreating { return "Error: -c argument given but password file or username missing." }
        if isDeleting { return "Error: -D argument given but password file or username missing." }
        if isHashingAll { return "Error: -U argument given but password file missing." }
        return nil
    }

    /// What is printed when the program is called without knowing how.
    static let usage = """
        mosquitto_passwd creates and changes the password files of the mosquitto broker.

        Usage: mosquitto_passwd [-H hash] [-I n] [-c] passwordfile username
               mosquitto_passwd [-H hash] [-I n] [-c] -b passwordfile username password
               mosquitto_passwd -D passwordfile username
               mosquitto_passwd [-H hash] [-I n] -U passwordfile
        \(PasswdOption.table)

        See mosquitto_passwd(1).
        """
}
