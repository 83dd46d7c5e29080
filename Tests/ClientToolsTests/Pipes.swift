// SPDX-License-Identifier: Apache-2.0
// Standard output and error of a flow, to be read back.

import Foundation

@testable import ClientTools

/// Descriptors whose content can be read back.
final class Pipes {
    let voice: ToolVoice
    private let output = Pipe()
    private let errors = Pipe()

    init(isQuiet: Bool = false) {
        voice = ToolVoice(
            isQuiet: isQuiet,
            output: output.fileHandleForWriting.fileDescriptor,
            errors: errors.fileHandleForWriting.fileDescriptor
        )
    }

    /// What has been printed, and said of errors.
    func texts() throws -> (output: String, errors: String) {
        voice.flush()
        try output.fileHandleForWriting.close()
        try errors.fileHandleForWriting.close()
        let all = [output, errors].map { $0.fileHandleForReading.readDataToEndOfFile() }
        return (String(decoding: all[0], as: UTF8.self), String(decoding: all[1], as: UTF8.self))
    }
}
