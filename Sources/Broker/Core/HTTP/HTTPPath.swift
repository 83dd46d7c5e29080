// SPDX-License-Identifier: Apache-2.0
// What a request asks for, by its one name.

import Encoding

/// The path of a request target, resolved: what is checked is what is served.
///
/// Every spelling of a path has the same value: `%XX` is decoded, once; empty segments and `.` are
/// left out; `..` takes back the segment before it and stays at the top; `/api/` is written in lower
/// case, because the endpoints' names are compared so.
struct HTTPPath: Sendable, Equatable {
    /// The names between the slashes; none of them is empty, `.` or `..`, or has a slash.
    private(set) var segments: [[UInt8]] = []
    /// Whether a slash follows the last name, or there is none.
    private(set) var isDirectory = false

    /// Reads a request target; nil for a bad `%XX` or a NUL.
    ///
    /// A target may be a whole URL (RFC 9112 section 3.2.2). One without a leading slash is read as
    /// if it had one.
    init?(target: String) {
        let end: Set = [UInt8(ascii: "?"), UInt8(ascii: "#")]
        var rest = Array(target.utf8.prefix { !end.contains($0) })[...]
        if target.lowercased().hasPrefix("http://") || target.lowercased().hasPrefix("https://") {
            let slashes = rest.indices.filter { rest[$0] == UInt8(ascii: "/") }
            rest = rest[(slashes.count > 2 ? slashes[2] : rest.endIndex)...]
        }
        guard let path = Self.decode(rest) else { return nil }
        let names = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for name in names {
            switch Array(name) {
            case []: isDirectory = true
            case Array(".".utf8): isDirectory = false
            case Array("..".utf8):
                _ = segments.popLast()
                isDirectory = false
            case let name:
                segments.append(name)
                isDirectory = false
            }
        }
        if segments.count > 1 || isDirectory, let first = segments.first,
            Self.lowercased(first) == Self.api
        {
            segments[0] = Self.api
        }
    }

    /// The path of a file that was found, relative to the directory that is served.
    init(file: ArraySlice<UInt8>) {
        segments = file.split(separator: UInt8(ascii: "/")).map(Array.init)
    }

    /// The path as a topic, by which access to it is checked.
    var topic: [UInt8] {
        let path = segments.flatMap { [UInt8(ascii: "/")] + $0 }
        return isDirectory || path.isEmpty ? path + [UInt8(ascii: "/")] : path
    }

    /// The path as text.
    var name: String { String(decoding: topic, as: UTF8.self) }

    /// The media type of the file it names.
    var mediaType: String { HTTPMediaType.ofFile(segments.last ?? []) }

    /// The endpoint below `/api/`; nil for every other path.
    var endpoint: String? {
        guard segments.count > 1, segments[0] == Self.api, !isDirectory else { return nil }
        return segments[1...].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    /// Whether the path is one of the API, be there such an endpoint or not.
    var isAPI: Bool { segments.first == Self.api && (segments.count > 1 || isDirectory) }

    /// The file the path names: `index.html` of a directory.
    ///
    /// Nil for what names no file: a directory without a slash, or a name that is no UTF-8, which no
    /// topic can be either.
    var file: HTTPPath? {
        var result = self
        if isDirectory { result.segments.append(Array("index.html".utf8)) }
        result.isDirectory = false
        let isText = result.segments.allSatisfy { String(validating: $0, as: UTF8.self) != nil }
        return result.segments.isEmpty || !isText ? nil : result
    }

    private static let api = Array("api".utf8)

    private static func lowercased(_ name: [UInt8]) -> [UInt8] {
        name.map { (65...90).contains($0) ? $0 | 32 : $0 }
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var path: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                path.append(byte)
                continue
            }
            guard rest.count >= 2, let byte = Hexadecimal.decode(rest.prefix(2)) else { return nil }
            path += byte
            rest = rest.dropFirst(2)
        }
        return path.contains(0) ? nil : path
    }
}
