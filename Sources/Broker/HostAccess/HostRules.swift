// SPDX-License-Identifier: Apache-2.0
// Whether a file of host access rules says anything about the broker.

/// What of hosts_access(5) is looked at before anybody is asked.
///
/// ```
/// daemon, daemon … : client, client … [: option …]
/// ```
/// A line goes on behind a backslash at its end; one that begins with `#` is a comment. What the rules
/// mean is decided by the library alone: here they are only told from those that cannot be meant.
enum HostRules {
    /// The name of the broker in rules, as the original has it.
    static let daemon = "mosquitto"

    /// Whether a file has a line that may concern the broker.
    static func mayConcern(_ daemon: String, _ text: some Collection<UInt8>) -> Bool {
        var line: [UInt8] = []
        for byte in text {
            if byte == UInt8(ascii: "\n") {
                if line.last == UInt8(ascii: "\\") {
                    line.removeLast()
                    continue
                }
                if isRule(line, daemon) { return true }
                line = []
            } else {
                line.append(byte)
            }
        }
        return isRule(line, daemon)
    }

    private static func isRule(_ line: [UInt8], _ daemon: String) -> Bool {
        if line.first == UInt8(ascii: "#") { return false }
        guard line.contains(where: { !isSpace($0) }) else { return false }
        // The library complains about what has no colon.
        guard let end = line.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let words = line[..<end].split { isSpace($0) || $0 == UInt8(ascii: ",") }
        return !words.allSatisfy { isOther($0, daemon) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Whether a word is the plain name of another program: no pattern, no wildcard, no address.
    private static func isOther(_ word: ArraySlice<UInt8>, _ daemon: String) -> Bool {
        let isPlain = word.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain else { return false }
        let name = word.map { $0 | (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? 0x20 : 0) }
        return ![daemon, "all", "known", "unknown"].contains { name.elementsEqual($0.utf8) }
    }
}
