// SPDX-License-Identifier: Apache-2.0
// The screen of mosquitto_sub -w.

/// Which line of the screen belongs to which topic.
package struct WatchScreen: Sendable {
    private var lines: [[UInt8]: Int] = [:]

    /// An empty screen.
    package init() {}

    /// Clears the screen and names the broker.
    package static func head(host: String) -> [UInt8] {
        Array("\u{1B}[2J\u{1B}[1;1HBroker: \(host)\n".utf8)
    }

    /// Goes to the topic's line, the next free one if it is new, and empties it.
    package mutating func begin(_ topic: UnsafeRawBufferPointer) -> [UInt8] {
        let topic = Array(topic)
        let line: Int
        if let known = lines[topic] {
            line = known
        } else {
            line = lines.count + 2
            lines[topic] = line
        }
        return Array("\u{1B}[\(line);1H\u{1B}[K".utf8)
    }
}
