// SPDX-License-Identifier: Apache-2.0
// Runs a client tool.

import Glibc
import MQTT
import MQTTClient

/// One run of a client tool, from its words to its exit status.
package struct ClientProgram {
    /// The exit status after a signal or when time is over before the broker has answered.
    private static let unanswered: Int32 = 255
    /// The exit status when time is over.
    private static let timedOut: Int32 = 27

    private let options: ToolOptions
    private let voice: ToolVoice
    private let loop: ClientLoop
    private let flow: any ToolFlow
    private let connection: DriverConnection
    private let driver: ClientDriver
    private let lines: LinesFlow?

    /// Runs a tool; returns its exit status.
    package static func run(_ tool: ClientTool, words: [[UInt8]]) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        do throws(OptionProblem) {
            let options = try ToolOptions(tool, words: words, environment: environment)
            let payload = try MessageInput.payload(of: options.source)
            return try ClientProgram(options, payload: payload).run()
        } catch {
            return answer(error, tool)
        }
    }

    /// Says why options are not followed, or what was asked for.
    private static func answer(_ problem: OptionProblem, _ tool: ClientTool) -> Int32 {
        let voice = ToolVoice(isQuiet: false)
        defer { voice.flush() }
        switch problem {
        case .help: voice.output += tool.usage.utf8
        case .version: voice.say(tool.versionLine)
        case .answer(let text):
            voice.output += text.utf8
            return 0
        default:
            let text = problem.complaint(of: tool).dropLast()
            if !text.isEmpty { voice.complain(String(text)) }
            if case .usage = problem { voice.output += tool.usage.utf8 }
        }
        return 1
    }

    private static var environment: ToolEnvironment {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        return ToolEnvironment(
            configurationFolder: variable("XDG_CONFIG_HOME"),
            home: variable("HOME")
        ) { path in
            try? MessageInput.payload(of: .file(path: path))
        }
    }

    private init(_ options: ToolOptions, payload: [UInt8]) throws(OptionProblem) {
        self.options = options
        let voice = ToolVoice(isQuiet: options.isQuiet)
        self.voice = voice
        let configuration = try options.configuration(processID: getpid())
        do throws(MQTTError) {
            loop = try ClientLoop()
            driver = try loop.makeClient(configuration)
        } catch {
            throw .setup(options.isQuiet ? "" : "Unable to connect (A TLS error occurred).")
        }
        var lines: LinesFlow?
        switch options.tool {
        case .sub: flow = SubscribeFlow(options, voice)
        case .rr:
            flow = RequestFlow(options, payload: payload, voice, nanoseconds: Self.nanoseconds)
        case .pub where options.source == .lines:
            let made = LinesFlow(options, InputLines(descriptor: STDIN_FILENO), voice)
            lines = made
            flow = made
        case .pub:
            flow = PublishFlow(options, payload: payload, voice) {
                Int64(Self.nanoseconds() / 1_000_000)
            }
        }
        self.lines = lines
        connection = DriverConnection(driver, flow, options, voice)
    }

    @Sendable private static func nanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    // MARK: Running

    private func run() -> Int32 {
        let signals: ToolSignals? = options.tool == .pub ? nil : ToolSignals()
        let timeout = options.timeoutSeconds.map { loop.now + Int64($0) * 1000 }
        var progress = showsProgress ? ProgressLine(now: loop.now) : nil
        var isTimedOut = false
        driver.connect()
        while connection.end == nil {
            var descriptors: [CInt] = []
            if let signals, signals.descriptor >= 0 { descriptors.append(signals.descriptor) }
            if lines?.wantsInput == true { descriptors.append(STDIN_FILENO) }
            let deadline = [flow.deadline, isTimedOut ? nil : timeout, progress?.deadline]
                .compactMap { $0 }.min()
            let readable = loop.turn(until: deadline ?? .max, orReadable: descriptors)
            if readable.contains(STDIN_FILENO) { lines?.readInput(connection) }
            connection.reportWritten()
            flow.proceed(connection, now: loop.now)
            voice.flush()
            if let text = progress?.text(doneCount: flow.doneCount, now: loop.now) {
                voice.show(progress: text)
            }
            if voice.isBroken {
                connection.disconnect(
                    .normalDisconnection,
                    properties: options.properties.disconnect
                )
            }
            var isInterrupted = false
            if let signals, readable.contains(signals.descriptor) {
                signals.take()
                isInterrupted = true
            }
            if !isTimedOut, let timeout, loop.now >= timeout {
                isTimedOut = true
                isInterrupted = true
            }
            if isInterrupted, connection.end == nil {
                guard connection.wasConnected else { return Self.unanswered }
                flow.interrupt(connection)
            }
        }
        if let progress {
            voice.show(progress: progress.last(doneCount: flow.doneCount, now: loop.now))
        }
        return conclude(isTimedOut: isTimedOut)
    }

    /// A display is for a person who watches.
    private var showsProgress: Bool { options.showsProgress && isatty(STDERR_FILENO) == 1 }

    private func conclude(isTimedOut: Bool) -> Int32 {
        voice.flush()
        if isTimedOut {
            voice.complain("Timed out")
            return Self.timedOut
        }
        let (texts, status) = ToolText.end(connection.end ?? .wanted, options)
        for text in texts { voice.complain(text) }
        return status
    }
}
