// SPDX-License-Identifier: Apache-2.0
// The options files of the client tools.

import Testing

@testable import ClientTools

@Suite("Options files of the client tools")
struct OptionsFileTests {
    private func parse(
        _ line: String,
        folder: String? = nil,
        home: String? = nil,
        files: [String: String]
    ) throws -> ToolOptions {
        let environment = ToolEnvironment(configurationFolder: folder, home: home) { path in
            files[path].map { Array($0.utf8) }
        }
        let words = line.split(separator: " ").map { Array($0.utf8) }
        return try ToolOptions(.pub, words: words, environment: environment)
    }

    @Test("-o, else XDG_CONFIG_HOME, else HOME; what cannot be read is ignored")
    func places() throws {
        let files = [
            "/o": "-h o\n", "/x/mosquitto_pub": "-h x", "/h/.config/mosquitto_pub": "-h h",
        ]
        let line = "-t a -m b"
        #expect(try parse(line + " -o /o", folder: "/x", home: "/h", files: files).host == "o")
        #expect(try parse(line, folder: "/x", home: "/h", files: files).host == "x")
        #expect(try parse(line, home: "/h", files: files).host == "h")
        #expect(try parse(line, folder: "/none", home: "/h", files: files).host == nil)
        #expect(try parse(line + " -o /none", folder: "/x", files: files).host == nil)
        #expect(try parse("-t a -m -o", folder: "/x", files: files).host == "x")
    }

    @Test("lines: comments, carriage returns, blanks in values, empty ones; the command line wins")
    func lines() throws {
        let file = "# -h no\n-h host\r\n\n-m two words \n-q 1\n--debug\n#-Z\n"
        let pub = try parse("-t a -q 2 -o f", files: ["f": file])
        #expect(pub.host == "host")
        #expect(pub.source == .argument(Array("two words ".utf8)))
        #expect(pub.qos == 2)
        #expect(pub.isDebug)
    }

    @Test("a line of 1024 bytes and more goes on as another one")
    func longLines() throws {
        let line = "-m " + String(repeating: "x", count: 1020)
        #expect(try parse("-t a -o f", files: ["f": line]).source != nil)
        #expect(throws: OptionProblem.plain("Error: Unknown option 'x'.")) {
            try parse("-t a -o f", files: ["f": line + "x"])
        }
    }

    @Test("what the file says wrong is refused, also a second source of messages")
    func mistakes() throws {
        #expect(throws: OptionProblem.spaced("Error: -h argument given but no host specified.")) {
            try parse("-t a -m b -o f", files: ["f": "-h"])
        }
        #expect(
            throws: OptionProblem.spaced("Error: Only one type of message can be sent at once.")
        ) { try parse("-t a -m b -o f", files: ["f": "-n"]) }
    }
}
