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
    /// What is wrong with the file with secrets that an option names; nothing without the option.
    ///
    /// `unreadable` says in a line why it cannot be read, `check` what is wrong with its content.
    package static func ofFile(
        _ options: PluginOptions,
        _ option: String,
        unreadable: (String, FileError) -> String,
        _ check: ([UInt8], String) -> [OptionFinding]
    ) -> [OptionFinding] {
        guard let path = options[option] else { return [] }
        var findings: [OptionFinding] = []
        do throws(FileError) {
            let content = try SensitiveFile.read(path) {
                findings.append(OptionFinding(.success, option: option, text: $0))
            }
            findings += check(content, path)
        } catch {
            findings.append(OptionFinding(.unknown, option: option, text: unreadable(path, error)))
        }
        return findings
    }
}
