// SPDX-License-Identifier: Apache-2.0
// What a file holds as a list of values, for comparing.

import Glibc
import Inflight
import MQTT
import Persist
import TestSupport

/// One record of a file, or one notice about it.
enum DatabaseRecord: Equatable {
    case configuration(DatabaseConfiguration)
    case message(DatabaseMessage, topic: Bytes, properties: Bytes, payload: Bytes)
    case client(DatabaseClient)
    case delivery(DatabaseDelivery)
    case subscription(DatabaseSubscription)
    case retained(MessageNumber)
    case notice(DatabaseNotice)
}

/// Keeps all it receives.
struct DatabaseCollector: DatabaseReceiver {
    private(set) var version: UInt32?
    private(set) var records: [DatabaseRecord] = []

    mutating func begin(version: UInt32) { self.version = version }
    mutating func receive(_ configuration: DatabaseConfiguration) {
        records.append(.configuration(configuration))
    }
    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        records.append(
            .message(
                message,
                topic: topic.withUnsafeBytes { Bytes($0) },
                properties: properties.withUnsafeBytes { Bytes($0) },
                payload: payload.withUnsafeBytes { Bytes($0) }
            )
        )
    }
    mutating func receive(_ client: DatabaseClient) { records.append(.client(client)) }
    mutating func receive(_ delivery: DatabaseDelivery) { records.append(.delivery(delivery)) }
    mutating func receive(_ subscription: DatabaseSubscription) {
        records.append(.subscription(subscription))
    }
    mutating func receive(retained number: MessageNumber) { records.append(.retained(number)) }
    mutating func receive(_ notice: DatabaseNotice) { records.append(.notice(notice)) }
}

/// Hands out bytes as read(2) would, some at a time.
final class DatabaseBytes {
    private let bytes: Bytes
    private let stepMax: Int
    private let failure: CInt?
    private var offset = 0
    /// The most room it was ever given.
    private(set) var roomMax = 0

    /// With a `failure`, that is what comes at the end.
    init(_ bytes: Bytes, stepMax: Int = .max, failure: CInt? = nil) {
        self.bytes = bytes
        self.stepMax = stepMax
        self.failure = failure
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        roomMax = max(roomMax, buffer.count)
        let count = min(buffer.count, stepMax, bytes.count - offset)
        if count == 0, let failure {
            errno = failure
            return -1
        }
        buffer.copyBytes(from: bytes[offset..<offset + count])
        offset += count
        return count
    }
}

/// What came of reading some bytes.
struct DatabaseReading {
    var collected: DatabaseCollector
    var error: DatabaseReadError?

    var records: [DatabaseRecord] { collected.records }

    init(_ bytes: Bytes, bufferByteCount: Int = 4096, stepMax: Int = .max) {
        self.init(DatabaseBytes(bytes, stepMax: stepMax), bufferByteCount: bufferByteCount)
    }

    init(_ source: DatabaseBytes, bufferByteCount: Int = 4096) {
        collected = DatabaseCollector()
        var reader = DatabaseReader(bufferByteCount: bufferByteCount, source: source.read)
        do throws(DatabaseReadError) {
            try reader.read(into: &collected)
        } catch {
            self.error = error
        }
    }

    /// Reads a file.
    init(path: String) throws {
        collected = DatabaseCollector()
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Mismatch("open \(path): errno \(errno)") }
        defer { _ = close(descriptor) }
        var reader = DatabaseReader(descriptor: descriptor)
        do throws(DatabaseReadError) {
            try reader.read(into: &collected)
        } catch {
            self.error = error
        }
    }
}

extension DatabaseWriter {
    /// Writes a record; notices are none.
    mutating func write(_ record: DatabaseRecord) throws(DatabaseWriteError) {
        switch record {
        case .configuration(let configuration): try write(configuration)
        case .message(let message, let topic, let properties, let payload):
            try write(
                message,
                topic: topic.rawBytes,
                properties: properties.rawBytes,
                payload: payload.rawBytes
            )
        case .client(let client): try write(client)
        case .delivery(let delivery): try write(delivery)
        case .subscription(let subscription): try write(subscription)
        case .retained(let number): try write(retained: number)
        case .notice: break
        }
    }
}
