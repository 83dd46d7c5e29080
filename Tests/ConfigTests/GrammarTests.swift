// SPDX-License-Identifier: Apache-2.0
// The grammar of configuration files: lines, words, text, places of errors.

import Config
import Log
import Testing

@Suite("Configuration grammar")
struct GrammarTests {
    @Test("Comments, blank lines, CRLF and a missing last line end are accepted")
    func lines() {
        let outcome = Outcome(
            "# comment\n\n\r\n   \nlistener 1883\r\nmax_qos 1\r\n\r\nsys_interval 7"
        )
        #expect(outcome.errors == [])
        #expect(outcome.configuration.listeners.first?.maxQoS == 1)
        #expect(outcome.configuration.sysInterval == 7)
    }

    @Test("A comment sign that is not the first byte is an unknown option")
    func indentedComment() {
        #expect(
            Outcome("  # no comment").errors == [
                "Error: Unknown configuration variable '#'.", "Error found at test.conf:1.",
            ]
        )
    }

    @Test("Extra words after a boolean, number or keyword are ignored")
    func extraWords() {
        let outcome = Outcome("sys_interval 5 # five\nqueue_qos0_messages true yes\n")
        #expect(outcome.errors == [])
        #expect(outcome.configuration.sysInterval == 5)
        #expect(outcome.configuration.queueQoS0Messages)
    }

    @Test("A tab does not separate an option from its value")
    func tab() {
        #expect(
            Outcome("listener\t1883").errors.first
                == "Error: Unknown configuration variable 'listener\t1883'. A space, not a tab, separates"
                + " 'listener' from its value."
        )
    }

    @Test("Several spaces before the name and between words are accepted")
    func spaces() {
        #expect(Outcome("   sys_interval    9").configuration.sysInterval == 9)
    }

    @Test("Text is the rest of the line without white space at the ends, quotes included")
    func text() {
        let outcome = Outcome("pid_file  \t \"a b\" c\t \n")
        #expect(outcome.configuration.pidFile == "\"a b\" c")
    }

    @Test(
        "Text that is not MQTT UTF-8 is refused [MQTT-1.5.4-1]",
        arguments: [
            [0xFF], [0xC3], [0x01], [0x7F], [0xC2, 0x85], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBF],
        ]
            as [[UInt8]]
    )
    func malformedText(bytes: [UInt8]) {
        let outcome = Outcome(bytes: Array("pid_file a".utf8) + bytes + Array("b\n".utf8))
        #expect(outcome.errors.first == "Error: Malformed UTF-8 in configuration.")
    }

    @Test("Text longer than 65535 bytes is refused with its place only")
    func longText() {
        let fits = String(repeating: "x", count: 65535)
        #expect(Outcome("pid_file \(fits)").errors == [])
        #expect(Outcome("pid_file \(fits)x").errors == ["Error found at test.conf:1."])
    }

    @Test("A line with a NUL byte ends the file silently")
    func nul() {
        let outcome = Outcome(bytes: Array("sys_interval 5\nsys\0\nnonsense\n".utf8))
        #expect(outcome.errors == [])
        #expect(outcome.configuration.sysInterval == 5)
    }

    @Test(
        "Numbers are written as in C",
        arguments: [("17", 17), ("0x11", 17), ("021", 17), ("+17", 17)]
    )
    func numbers(text: String, value: Int) {
        #expect(Outcome("sys_interval \(text)").configuration.sysInterval == value)
    }

    @Test(
        "Words that are no 32-bit number are refused",
        arguments: [
            ("17x", "Error: 'sys_interval' value not a number."),
            ("x", "Error: 'sys_interval' value not a number."),
            ("0x", "Error: 'sys_interval' value not a number."),
            ("2147483648", "Error: 'sys_interval' value out of range."),
            ("-2147483649", "Error: 'sys_interval' value out of range."),
            ("99999999999999999999", "Error: 'sys_interval' value out of range."),
            ("65536", "Error: Invalid 'sys_interval' value (65536)."),
        ]
    )
    func badNumbers(text: String, error: String) {
        #expect(
            Outcome("\nsys_interval \(text)").errors == [error, "Error found at test.conf:2."]
        )
    }

    @Test("Booleans are true, 1, false and 0 in this case only")
    func booleans() {
        #expect(Outcome("persistence 1").configuration.persistence)
        #expect(!Outcome("retain_available 0").configuration.retainAvailable)
        #expect(
            Outcome("persistence True").errors.first
                == "Error: Invalid 'persistence' value (True). Did you mean 'true'?"
        )
    }

    @Test("Included files are read in order, without sections of the including file")
    func includeDirectory() {
        var source = MemorySource()
        source.directories["d"] = [
            "b.conf", "A.conf", ".conf", "a.conf", "x.txt", "B.conf", "00.conf",
        ]
        for (name, value) in [("00", 1), ("A", 2), ("a", 3), ("B", 4), ("b", 5)] {
            source.files["d/\(name).conf"] = Array("sys_interval \(value)\n".utf8)
        }
        let outcome = Outcome("include_dir d\nlistener 1883\n", source: source)
        #expect(outcome.configuration.sysInterval == 5)
        #expect(
            outcome.remarks(.information)
                == ["00", "A", "a", "B", "b"].map { "Loading config file 'd/\($0).conf'" }
        )
    }

    @Test("Sections end with an included file, those of the main file go on after it")
    func includedSections() {
        var source = MemorySource()
        source.directories["d"] = ["1.conf"]
        source.files["d/1.conf"] = Array("mount_point x/\n".utf8)
        let refused = Outcome("listener 1883\ninclude_dir d\n", source: source)
        #expect(
            refused.errors == [
                "Error: The 'mount_point' option requires a listener to be defined first.",
                "Error found at 'd/1.conf:1'.", "Error found at test.conf:2.",
            ]
        )
        source.files["d/1.conf"] = Array("listener 1884\n".utf8)
        let outcome = Outcome("listener 1883\ninclude_dir d\nmount_point x/\n", source: source)
        #expect(outcome.configuration.listeners.map(\.mountPoint) == ["x/", nil])
    }

    @Test(
        "include_dir reports what it cannot read",
        arguments: [
            ("include_dir", ["Error: Empty 'include_dir' value in configuration."]),
            ("include_dir nowhere", ["Error: Unable to open include_dir 'nowhere'."]),
            (
                "include_dir nested",
                [
                    "Error: The include_dir option is only valid in the main configuration file.",
                    "Error found at 'nested/1.conf:1'.",
                ]
            ),
            ("include_dir missing", ["Error: Unable to open config file 'missing/1.conf'."]),
        ]
    )
    func includeErrors(text: String, errors: [String]) {
        var source = MemorySource()
        source.directories = ["nested": ["1.conf"], "missing": ["1.conf"]]
        source.files["nested/1.conf"] = Array("include_dir d\n".utf8)
        #expect(
            Outcome(text, source: source).errors == errors + ["Error found at test.conf:1."]
        )
    }

    @Test("A configuration file that is missing or a directory is named without a line")
    func unreadable() {
        var parser = ConfigurationParser(source: MemorySource(directories: ["d": []]))
        #expect(throws: ConfigurationError("Error: Unable to open config file 'x'.")) {
            try parser.parse(file: "x")
        }
        #expect(throws: ConfigurationError("Error: Config file 'd' is a directory.")) {
            try parser.parse(file: "d")
        }
    }

    @Test("Two files make one configuration that bears the name of the second")
    func twoFiles() throws {
        var source = MemorySource()
        source.files["1"] = Array("listener 1884\nsys_interval 3".utf8)
        source.files["2"] = Array("listener 1885".utf8)
        var parser = ConfigurationParser(source: source)
        try parser.parse(file: "1")
        try parser.parse(file: "2")
        let configuration = try parser.finish()
        #expect(configuration.listeners.map(\.port) == [1884, 1885])
        #expect(configuration.sysInterval == 3)
        #expect(configuration.configFile == "2")
    }
}
