// SPDX-License-Identifier: Apache-2.0
// What kind of file a name stands for.

/// Media types, as `Content-Type` gives them.
enum HTTPMediaType {
    static let text = "text/plain; charset=utf-8"
    static let json = "application/json"
    private static let unknown = "application/octet-stream"

    /// The type of a file by the ending of its name; without one that is known, bytes.
    ///
    /// Browsers take scripts and style sheets by their type alone, and are told not to guess.
    static func ofFile(_ name: [UInt8]) -> String {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return unknown }
        let ending = String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased()
        return types[ending] ?? unknown
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8", "json": json, "map": json,
        "webmanifest": "application/manifest+json", "txt": text, "md": text, "log": text,
        "csv": "text/csv; charset=utf-8", "xml": "application/xml", "svg": "image/svg+xml",
        "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
        "webp": "image/webp", "avif": "image/avif", "ico": "image/x-icon",
        "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
        "wasm": "application/wasm", "pdf": "application/pdf", "zip": "application/zip",
        "gz": "application/gzip",
    ]
}
