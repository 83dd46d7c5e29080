// SPDX-License-Identifier: Apache-2.0
// The lines of an options file.

/// The lines of an options file.
enum OptionsFileLines {
    /// The most bytes of a line; what is longer goes on as another line.
    static let lengthMax = 1023

    /// Option and value of each line that is neither empty nor a comment.
    static func words(of content: [UInt8]) -> [[[UInt8]]] {
        let newline = UInt8(ascii: "\n")
        var result: [[[UInt8]]] = []
        for whole in content.split(separator: newline) {
            var rest = whole[...]
            while !rest.isEmpty {
                var line = rest.prefix(lengthMax)
                rest = rest.dropFirst(line.count)
                while line.last == UInt8(ascii: "\r") { line.removeLast() }
                guard let first = line.first, first != UInt8(ascii: "#") else { continue }
                guard let blank = line.firstIndex(of: UInt8(ascii: " ")) else {
                    result.append([Array(line)])
                    continue
                }
                result.append([Array(line[..<blank]), Array(line[(blank + 1)...])])
            }
        }
        return result
    }
}
