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
    /// Whether any destination has a place for fields; read without the lock with every line.
    @usableFromInline
    let wantsFields = Atomic(false)

    /// Where lines go and what they look like.
    private struct State: ~Copyable {
        var configuration = LogConfiguration()
        var outputs = LogOutputs()
        var sink: TopicSink?
        /// What gets a copy of lines of type error; -1 for nothing.
        var errorCopy: CInt = -1
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

    /// The types now written.
    package var types: LogTypes { LogTypes(rawValue: mask.load(ordering: .relaxed)) }

    /// Writes a line of the given type; the message is built only if the type is on, and what it is
    /// about only if `log_format` or a destination has a place for it.
    @inlinable
    package func write(
        _ type: LogTypes,
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        guard isEnabled(type) else { return }
        emit(type, message(), wantsFields.load(ordering: .relaxed) ? fields() : LogFields())
    }

    /// Writes a line whether or not its type is on: whoever calls has asked in another way.
    package func writeAlways(_ type: LogTypes, _ message: String) {
        emit(type, message, LogFields())
    }

    /// Writes a line of type information.
    @inlinable
    package func info(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        write(.information, message(), fields())
    }

    /// Writes a line of type notice.
    @inlinable
    package func notice(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        write(.notice, message(), fields())
    }

    /// Writes a line of type warning.
    @inlinable
    package func warning(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        write(.warning, message(), fields())
    }

    /// Writes a line of type error.
    @inlinable
    package func error(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        write(.error, message(), fields())
    }

    /// Writes a line of type debug.
    @inlinable
    package func debug(
        _ message: @autoclosure () -> String,
        _ fields: @autoclosure () -> LogFields = LogFields()
    ) {
        write(.debug, message(), fields())
    }

    /// Takes over the destinations, filter and form of `configuration`; also swaps them on reload.
    ///
    /// When the log file cannot be opened, or there is no journal, stderr takes its place; the broker
    /// goes on.
    package func configure(_ configuration: LogConfiguration) {
        let failures = state.withLock { state in
            state.configuration = configuration
            return open(&state)
        }
        report(failures)
    }

    /// How many lines there were.
    package var lineFigures: LogLineFigures { state.withLock { $0.figures } }

    /// Takes over only what lines look like.
    ///
    /// The parser's remarks are written before the destinations are opened, but in this form already.
    package func configureForm(of configuration: LogConfiguration) {
        state.withLock {
            $0.configuration.format = configuration.format
            $0.configuration.hasTimestamp = configuration.hasTimestamp
            $0.configuration.timestampFormat = configuration.timestampFormat
        }
    }

    /// Closes and opens all destinations again, so that a rotated log file is let go.
    package func reopen() {
        report(state.withLock { open(&$0) })
    }

    /// Writes lines of these types, until the destinations are opened or configured the next time.
    ///
    /// Nothing is written where there is no destination.
    package func setTypes(_ types: LogTypes) {
        let hasDestination = state.withLock { !$0.configuration.destinations.isEmpty }
        mask.store(hasDestination ? types.rawValue : 0, ordering: .relaxed)
    }

    /// Sets what receives the lines of `log_dest topic`; nil drops them.
    ///
    /// The sink is called without the lock held, on the thread that wrote the line; it must only hand
    /// the line over.
    package func setTopicSink(_ sink: TopicSink?) {
        state.withLock { $0.sink = sink }
    }

    /// Sets a descriptor that lines of type error are written to besides all destinations; nil for none
    /// any more.
    ///
    /// It stays the caller's, and open until it is taken back.
    package func copyErrors(to descriptor: CInt?) {
        state.withLock { $0.errorCopy = descriptor ?? -1 }
    }

    /// Opens the destinations of the state's configuration and sets the filter.
    ///
    /// - Returns: what to say of destinations that could not be opened.
    private func open(_ state: inout State) -> [LogOutputs.Failure] {
        let configuration = state.configuration
        let failures = state.outputs.open(configuration)
        let types = configuration.destinations.isEmpty ? [] : configuration.types
        mask.store(types.rawValue, ordering: .relaxed)
        let hasJournal = state.outputs.destinations.contains(.journal)
        wantsFields.store(configuration.format != .text || hasJournal, ordering: .relaxed)
        return failures
    }

    private func report(_ failures: [LogOutputs.Failure]) {
        for failure in failures { write(failure.isError ? .error : .warning, failure.line) }
    }

    /// Formats one line and writes it to every destination.
    @usableFromInline
    func emit(_ type: LogTypes, _ message: String, _ fields: LogFields) {
        let published = state.withLock { state -> (TopicSink, String)? in
            let line = LogLine(type, message, fields, configuration: state.configuration)
            let isWritten = state.outputs.write(line, type: type, message, fields)
            state.figures.note(type, isWritten: isWritten)
            if type == .error, state.errorCopy >= 0 {
                LogOutputs.write(line.bytes, to: state.errorCopy)
            }
            guard state.outputs.destinations.contains(.topic), let sink = state.sink else {
                return nil
            }
            return (sink, line.text)
        }
        guard let (sink, line) = published, let topic = type.topic else { return }
        sink(topic, line)
    }
}
