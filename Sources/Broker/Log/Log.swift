// SPDX-License-Identifier: Apache-2.0
// The log of the broker: filters, formats and writes lines from any thread.

import CLinux
import Glibc
package import Synchronization

/// The log of the broker; may be used from every thread.
///
/// Until `configure` is called it writes the standard types to stderr. Writing a line costs one atomic
/// load when its type is off. A line that is on is formatted outside the lock and written with one
/// system call under it, so lines of different threads never mix.
package final class Log: Sendable {
    /// Longest line in bytes, time included, line feed excluded.
    package static let lineBytesMax = 999

    /// What receives the lines of `log_dest topic`: topic and line.
    package typealias TopicSink = @Sendable (_ topic: String, _ line: String) -> Void

    /// The types now written; read without the lock on every call.
    @usableFromInline
    let mask = Atomic<UInt32>(LogTypes.standard.rawValue)

    /// Where lines go and what they look like.
    private struct State: ~Copyable {
        var configuration = LogConfiguration()
        var outputs = LogOutputs()
        var sink: TopicSink?
        var figures = LogLineFigures()
    }

    private let state: Mutex<State>

    /// Makes a log that writes the standard types to stderr.
    package init() {
        state = Mutex(State())
    }

    /// Whether lines of this type are written at the moment.
    @inlinable
    package func isEnabled(_ type: LogTypes) -> Bool {
        mask.load(ordering: .relaxed) & type.rawValue != 0
    }

    /// Writes a line of the given type; the message is built only if the type is on.
    @inlinable
    package func write(_ type: LogTypes, _ message: @autoclosure () -> String) {
        if isEnabled(type) { emit(type, message()) }
    }

    /// Writes a line whether or not its type is on: whoever calls has asked in another way.
    package func writeAlways(_ type: LogTypes, _ message: String) { emit(type, message) }

    /// Writes a line of type information.
    @inlinable
    package func info(_ message: @autoclosure () -> String) {
        write(.information, message())
    }

    /// Writes a line of type notice.
    @inlinable
    package func notice(_ message: @autoclosure () -> String) {
        write(.notice, message())
    }

    /// Writes a line of type warning.
    @inlinable
    package func warning(_ message: @autoclosure () -> String) {
        write(.warning, message())
    }

    /// Writes a line of type error.
    @inlinable
    package func error(_ message: @autoclosure () -> String) {
        write(.error, message())
    }

    /// Writes a line of type debug.
    @inlinable
    package func debug(_ message: @autoclosure () -> String) {
        write(.debug, message())
    }

    /// Takes over the destinations, filter and form of `configuration`; also swaps them on reload.
    ///
    /// When the log file cannot be opened, stderr takes its place and only errors are written from
    /// then on; the broker goes on.
    package func configure(_ configuration: LogConfiguration) {
        let failure = state.withLock { state -> String? in
            state.configuration = configuration
            return open(&state)
        }
        if let failure { error(failure) }
    }

    /// How many lines there were.
    package var lineFigures: LogLineFigures { state.withLock { $0.figures } }

    /// Takes over only whether and how the time is written.
    ///
    /// The parser's remarks are written before the destinations are opened, but in this form already.
    package func configureTimestamps(of configuration: LogConfiguration) {
        state.withLock {
            $0.configuration.hasTimestamp = configuration.hasTimestamp
            $0.configuration.timestampFormat = configuration.timestampFormat
        }
    }

    /// Closes and opens all destinations again, so that a rotated log file is let go.
    package func reopen() {
        let failure = state.withLock { open(&$0) }
        if let failure { error(failure) }
    }

    /// Sets what receives the lines of `log_dest topic`; nil drops them.
    ///
    /// The sink is called without the lock held, on the thread that wrote the line; it must only hand
    /// the line over.
    package func setTopicSink(_ sink: TopicSink?) {
        state.withLock { $0.sink = sink }
    }

    /// Opens the destinations of the state's configuration and sets the filter.
    ///
    /// - Returns: the line to log if the log file could not be opened.
    private func open(_ state: inout State) -> String? {
        let configuration = state.configuration
        if let failure = state.outputs.open(configuration) {
            mask.store(LogTypes.error.rawValue, ordering: .relaxed)
            return failure
        }
        let types = configuration.destinations.isEmpty ? [] : configuration.types
        mask.store(types.rawValue, ordering: .relaxed)
        return nil
    }

    /// Formats one line and writes it to every destination.
    @usableFromInline
    func emit(_ type: LogTypes, _ message: String) {
        let published = state.withLock { state -> (TopicSink, String)? in
            let line = LogLine(message, configuration: state.configuration)
            state.figures.note(type, isWritten: state.outputs.write(line, type: type))
            guard state.outputs.destinations.contains(.topic), let sink = state.sink else {
                return nil
            }
            return (sink, line.text)
        }
        guard let (sink, line) = published, let topic = type.topic else { return }
        sink(topic, line)
    }
}
