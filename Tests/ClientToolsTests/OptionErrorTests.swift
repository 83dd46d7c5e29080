// SPDX-License-Identifier: Apache-2.0
// What the client tools say of command lines that cannot be followed.

import Testing

@testable import ClientTools

/// The options of a command line whose words have blanks between; `''` is an empty word.
func options(_ tool: ClientTool, _ line: String) throws -> ToolOptions {
    let words = line.split(separator: " ").map { $0 == "''" ? [] : Array($0.utf8) }
    return try ToolOptions(tool, words: words, environment: ToolEnvironment())
}

@Suite("Options of the client tools that are refused")
struct OptionErrorTests {
    /// The text, and whether a free line follows it.
    private func complaint(_ tool: ClientTool, _ line: String) -> (String, Bool)? {
        do {
            _ = try options(tool, line)
            return nil
        } catch OptionProblem.option(let text, let isSpaced) {
            return (text, isSpaced)
        } catch OptionProblem.usage(let text) {
            return (text, false)
        } catch OptionProblem.setup(let text) {
            return (text, false)
        } catch {
            return ("\(error)", false)
        }
    }

    private static let missing: [(String, ClientTool, String)] = [
        ("-A", .pub, "-A argument given but no address"),
        ("-C", .sub, "-C argument given but no count"),
        ("--cafile", .rr, "--cafile argument given but no file"),
        ("--capath", .pub, "--capath argument given but no directory"),
        ("--cert", .pub, "--cert argument given but no file"),
        ("--ciphers", .pub, "--ciphers argument given but no ciphers"),
        ("-e", .rr, "-e argument given but no response topic"),
        ("-f", .pub, "-f argument given but no file"),
        ("--file", .rr, "-f argument given but no file"),
        ("-F", .sub, "-F argument given but no format"),
        ("--host", .pub, "-h argument given but no host"),
        ("-i", .pub, "-i argument given but no id"),
        ("-I", .pub, "-I argument given but no id prefix"),
        ("-k", .sub, "-k argument given but no keepalive"),
        ("--key", .sub, "--key argument given but no file"),
        ("--keyform", .sub, "--keyform argument given but no keyform"),
        ("-L", .sub, "-L argument given but no URL"),
        ("-m", .pub, "-m argument given but no message"),
        ("-M", .pub, "-M argument given but max_inflight not"),
        ("-p", .pub, "-p argument given but no port"),
        ("-P", .pub, "-P argument given but no password"),
        ("--proxy", .pub, "--proxy argument given but no proxy url"),
        ("--psk", .pub, "--psk argument given but no key"),
        ("--psk-identity", .pub, "--psk-identity argument given but no identity"),
        ("-q", .pub, "-q argument given but no QoS"),
        ("--random-filter", .sub, "--random-filter argument given but no chance"),
        ("--repeat", .pub, "--repeat argument given but no count"),
        ("--repeat-delay", .pub, "--repeat-delay argument given but no time"),
        ("-t", .pub, "-t argument given but no topic"),
        ("-T", .sub, "-T argument given but no topic filter"),
        ("--tls-alpn", .pub, "--tls-alpn argument given but no protocol"),
        ("--tls-engine", .pub, "--tls-engine argument given but no engine_id"),
        ("--tls-version", .pub, "--tls-version argument given but no version"),
        ("-U", .sub, "-U argument given but no unsubscribe topic"),
        ("-u", .sub, "-u argument given but no username"),
        ("--unix", .sub, "--unix argument given but no socket path"),
        ("-V", .sub, "--protocol-version argument given but no version"),
        ("-W", .sub, "-W argument given but no timeout"),
        ("--will-payload", .pub, "--will-payload argument given but no will payload"),
        ("--will-qos", .pub, "--will-qos argument given but no will QoS"),
        ("--will-topic", .pub, "--will-topic argument given but no will topic"),
        ("-x", .pub, "-x argument given but no session expiry interval"),
        ("-D", .pub, "--property argument given but not enough arguments"),
        ("-D connect user-property a", .pub, "--property argument given but not enough arguments"),
        ("-o", .sub, "-o argument given but no options file"),
    ]

    @Test("an option without its value is named", arguments: missing)
    func missingValue(_ line: String, _ tool: ClientTool, _ text: String) throws {
        let found = try #require(complaint(tool, line))
        #expect(found == ("Error: \(text) specified.", true))
    }

    private static let spaced: [(ClientTool, String, String)] = [
        (.pub, "-t a -m b -n", "Only one type of message can be sent at once."),
        (.pub, "-k 4", "Invalid keepalive given, it must be between 5 and 65535 inclusive."),
        (.pub, "-k 65536", "Invalid keepalive given, it must be between 5 and 65535 inclusive."),
        (.pub, "-q 3", "Invalid QoS given: 3"), (.pub, "-p 99999", "Invalid port given: 99999"),
        (.pub, "-p -1", "Invalid port given: -1"),
        (.pub, "-i x -I y", "-i and -I argument cannot be used together."),
        (.pub, "-I x -i y", "-i and -I argument cannot be used together."),
        (.pub, "-D foo bar x", "Invalid command foo given in --property argument."),
        (.pub, "-D publish bar x", "Invalid property name bar given in --property argument."),
        (
            .pub, "-D publish will-delay-interval 4",
            "will-delay-interval property not allowed for publish in --property argument."
        ),
        (
            .pub, "-D Auth topic-alias 1",
            "topic-alias property not allowed for Auth in --property argument."
        ),
        (
            .pub, "-D auth reason-string x",
            "reason-string property not supported for auth in --property argument."
        ),
        (
            .pub, "-D puback reason-string x",
            "reason-string property not supported for puback in --property argument."
        ),
        (
            .pub, "-D publish subscription-identifier 1",
            "subscription-identifier property not supported for publish in --property argument."
        ),
        (
            .pub, "-D publish topic-alias 65536",
            "Property value (65536) out of range for property topic-alias."
        ),
        (
            .pub, "-D will will-delay-interval 4294967296",
            "Property value (4294967296) out of range for property will-delay-interval."
        ),
        (
            .pub, "-D publish payload-format-indicator 256",
            "Property value (256) out of range for property payload-format-indicator."
        ),
        (
            .sub, "-D subscribe subscription-identifier 268435456",
            "Property value (268435456) out of range for property subscription-identifier."
        ),
        (.pub, "-x abc", "session-expiry-interval not a number."),
        (.pub, "-x 12x", "session-expiry-interval not a number."),
        (.pub, "-x 4294967296", "session-expiry-interval out of range."),
        (.pub, "-x -2", "session-expiry-interval out of range."),
        (.pub, "-V 7", "Invalid protocol version argument given."),
        (.sub, "-C 0", "Invalid message count \"0\"."),
        (.sub, "-C x", "Invalid message count \"0\"."),
        (.sub, "-W 0", "Invalid timeout \"0\"."),
        (.sub, "--random-filter 0", "--random-filter chance must be between 0.1-100.0"),
        (.sub, "--random-filter 100.1", "--random-filter chance must be between 0.1-100.0"),
        (.sub, "--retain-handling foo", "Unknown value 'foo' for --retain-handling."),
        (.pub, "-L foo://a/b", "Unsupported URL scheme."),
        (.pub, "-L mqtt:/a/b", "Unsupported URL scheme."),
        (.pub, "--repeat 0", "--repeat argument must be >0."),
        (.pub, "--repeat-delay -1", "--repeat-delay argument must be >=0.0."),
        (.pub, "-M 0", "Maximum inflight messages must be greater than 0."),
        (.pub, "--will-qos 4", "Invalid will QoS 4."),
        (.pub, "-o a -o b", "Duplicate -o argument given."),
        (.pub, "-t a\u{1}b", "Malformed UTF-8 in -t argument."),
        (.sub, "-L mqtt://h/a\u{7F}", "Malformed UTF-8 in -L topic argument."),
        (.pub, "--auth-method plain", "Unknown value 'plain' for --auth-method."),
    ]

    @Test("a value that cannot be is refused", arguments: spaced)
    func wrongValue(_ tool: ClientTool, _ line: String, _ text: String) throws {
        let found = try #require(complaint(tool, line))
        #expect(found == ("Error: \(text)", true))
    }

    private static let plain: [(ClientTool, String, String)] = [
        (.pub, "-Z", "Unknown option '-Z'."), (.pub, "-q1", "Unknown option '-q1'."),
        (.pub, "--qos=1", "Unknown option '--qos=1'."), (.pub, "--", "Unknown option '--'."),
        (.pub, "word", "Unknown option 'word'."), (.pub, "-C 1", "Unknown option '-C'."),
        (.pub, "-W 1", "Unknown option '-W'."), (.pub, "-e t", "Unknown option '-e'."),
        (.sub, "-m x", "Unknown option '-m'."), (.sub, "-r", "Unknown option '-r'."),
        (.sub, "--latency", "Unknown option '--latency'."), (.sub, "-l", "Unknown option '-l'."),
        (.rr, "-C 1", "Unknown option '-C'."), (.rr, "-E", "Unknown option '-E'."),
        (.rr, "-r", "Unknown option '-r'."), (.rr, "-T x", "Unknown option '-T'."),
        (.rr, "-U x", "Unknown option '-U'."), (.rr, "-w", "Unknown option '-w'."),
        (.rr, "--repeat 1", "Unknown option '--repeat'."), (.rr, "-l", "Unknown option '-l'."),
        (.rr, "--remove-retained", "Unknown option '--remove-retained'."),
        (.rr, "--retained-only", "Unknown option '--retained-only'."),
        (.rr, "--random-filter 5", "Unknown option '--random-filter'."),
        (.rr, "--message-rate", "Unknown option '--message-rate'."),
        (.pub, "-t a+", "Invalid publish topic 'a+', does it contain '+' or '#'?"),
        (.sub, "-t a#", "Invalid subscription topic 'a#', are all '+' and '#' wildcards correct?"),
        (.sub, "-T a#", "Invalid filter topic 'a#', are all '+' and '#' wildcards correct?"),
        (.sub, "-U a#", "Invalid unsubscribe topic 'a#', are all '+' and '#' wildcards correct?"),
        (.rr, "-e x#", "Invalid response topic 'x#', does it contain '+' or '#'?"),
        (.pub, "--will-topic a+", "Invalid will topic 'a+', does it contain '+' or '#'?"),
        (.pub, "-L mqtt://a", "Invalid URL for -L argument specified - topic missing."),
        (.sub, "-t a -F %", "Incomplete format specifier."),
        (.sub, "-F %5", "Incomplete format specifier."),
        (.sub, "-F @", "Incomplete format specifier."),
        (.sub, "-F %z", "Invalid format specifier 'z'."),
        (.sub, "-F \\q", "Invalid escape specifier 'q'."),
        (.sub, "-F \\", "Incomplete escape specifier."),
        (.pub, "--proxy foo://a", "Unsupported proxy protocol: foo://a"),
        (.pub, "--proxy socks5h://a:0", "Invalid proxy port 0"),
        (.pub, "--proxy socks5h://", "Invalid proxy."),
        (.pub, "--proxy socks5h://a%20b@h", "Invalid URL encoding in username."),
        (.pub, "-t a -m b --will-payload x", "Will payload given, but no will topic given."),
        (.pub, "-t a -m b --will-retain", "Will retain given, but no will topic given."),
        (
            .pub, "-t a -m b --cert x",
            "Both certfile and keyfile must be provided if one of them is set."
        ),
        (.pub, "-t a -m b --keyform pem", "If keyform is set, keyfile must be also specified."),
        (
            .pub, "-t a -m b --tls-engine-kpass-sha1 00",
            "when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided."
        ),
        (
            .pub, "-t a -m b --psk 12 --cafile x",
            "Only one of --psk or --cafile/--capath may be used at once."
        ),
        (.pub, "-t a -m b --psk 12", "--psk-identity required if --psk used."),
        (.pub, "-t a -m b -c", "You must provide a client id if you are using the -c option."),
        (.pub, "-t a -m b -c -I x", "You must provide a client id if you are using the -c option."),
        (
            .pub, "-t a -m b -c -V 5",
            "You must provide a client id if you are using an infinite session expiry interval."
        ),
        (
            .sub, "-t a -x -1",
            "You must provide a client id if you are using an infinite session expiry interval."
        ),
        (
            .sub, "-v",
            "You must specify a topic to subscribe to (-t) or unsubscribe from (-U)."
        ),
        (.rr, "-t a -m b", "All of topic, message, and response topic must be supplied."),
        (.rr, "-t a -e b", "All of topic, message, and response topic must be supplied."),
    ]

    @Test("what does not fit is refused", arguments: plain)
    func misfit(_ tool: ClientTool, _ line: String, _ text: String) throws {
        let found = try #require(complaint(tool, line))
        #expect(found == ("Error: \(text)", false))
    }

    private static let lists: [(String, String)] = [
        (
            "-D publish topic-alias 1 -D publish topic-alias 2",
            "Error in PUBLISH properties: Duplicate property in property list"
        ),
        (
            "-D connect receive-maximum 0",
            "Error in CONNECT properties: A network protocol error occurred when communicating with the broker"
        ),
        (
            "-x 5 -D connect session-expiry-interval 6",
            "Error in CONNECT properties: Duplicate property in property list"
        ),
        (
            "-D will content-type a -D will content-type b",
            "Error in Will properties: Duplicate property in property list"
        ),
    ]

    @Test("properties that may be there once are refused twice", arguments: lists)
    func properties(_ line: String, _ text: String) throws {
        let found = try #require(complaint(.pub, "-t a -m b " + line))
        #expect(found == (text, false))
    }

    @Test("the rest of the complaint: hint, usage or nothing")
    func ends() throws {
        #expect(
            OptionProblem.spaced("Error: X").complaint(of: .pub)
                == "Error: X\n\n\nUse 'mosquitto_pub --help' to see usage.\n"
        )
        #expect(
            OptionProblem.plain("Error: X").complaint(of: .rr)
                == "Error: X\n\nUse 'mosquitto_rr --help' to see usage.\n"
        )
        #expect(OptionProblem.setup("Error: X").complaint(of: .sub) == "Error: X\n")
        #expect(throws: OptionProblem.usage("Error: Both topic and message must be supplied.")) {
            try options(.pub, "-t a")
        }
        #expect(
            throws: OptionProblem.setup(
                "\nError: Combining '-R' and '--retained-only' makes no sense."
            )
        ) { try options(.sub, "-t a -R --retained-only") }
        #expect(
            throws: OptionProblem.setup("Error in PUBLISH properties: Duplicate response topic.")
        ) { try options(.rr, "-t a -m b -e c -D publish response-topic x") }
        #expect(throws: OptionProblem.setup("Error: Problem setting username and/or password.")) {
            try options(.pub, "-t a -m b -P x")
        }
        #expect(throws: OptionProblem.help) { try options(.pub, "--help -Z") }
        #expect(throws: OptionProblem.version) { try options(.pub, "--version --help") }
    }
}
