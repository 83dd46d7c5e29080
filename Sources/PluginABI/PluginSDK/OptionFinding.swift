// SPDX-License-Identifier: Apache-2.0
// What a plugin finds wrong with its options before it is set up.

package import SafeFiles

/// One thing that is wrong with an option or with the file it names.
public struct OptionFinding: Sendable, Equatable {
    /// What the initialiser would throw because of it; `.success` makes it a warning.
    public let code: ResultCode
    /// The option it is about, without `plugin_opt_`; `nil` if it is about none.
    public let option: String?
    /// The line to log, without its place in the configuration.
    public let text: String

    /// Makes a finding.
    public init(_ code: ResultCode = .invalid, option: String?, text: String) {
        self.code = code
        self.option = option
        self.text = text
    }
}

extension OptionFinding {
    /// Reads a file with secrets for a check; its warnings are findings as well.
    package static func read(
        _ path: String,
        option: String,
        into findings: inout [OptionFinding]
    ) throws(FileError) -> [UInt8] {
        var warnings: [OptionFinding] = []
        defer { findings += warnings }
        return try SensitiveFile.read(path) {
            warnings.append(OptionFinding(.success, option: option, text: $0))
        }
    }
}
