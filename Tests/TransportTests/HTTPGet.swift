// SPDX-License-Identifier: Apache-2.0
// Asks a broker over HTTP, and finds numbers in its metrics.

import Foundation
import TestSupport
import Testing

/// Requests to the first port of a broker.
enum HTTPGet {
    /// Sends a request and reads the answer to its end.
    static func request(
        _ broker: Broker,
        _ line: String,
        _ fields: [String] = []
    ) throws -> (status: Int, head: String, body: String) {
        let client = try RawClient(broker)
        let request = ["\(line) HTTP/1.1", "Host: localhost"] + fields + ["", ""]
        client.sendRaw(utf8(request.joined(separator: "\r\n")))
        let head = try client.readHead()
        let lines = head.split(separator: "\r\n").map(String.init)
        let length = lines.first { $0.hasPrefix("Content-Length: ") }?.dropFirst(16)
        let count = try #require(length.flatMap { Int($0) })
        let body = line.hasPrefix("HEAD") ? [] : try client.readBytes(count)
        try client.expectClosed()
        let status = try #require(Int(lines[0].split(separator: " ")[1]))
        return (status, head, String(decoding: body, as: UTF8.self))
    }

    /// The number of a series; nil where there is none.
    static func number(_ series: String, in text: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.count + 1)) }
    }
}
