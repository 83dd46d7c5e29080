// SPDX-License-Identifier: Apache-2.0
// Programs as users of the client library write them: what they need, how they are built and run.

import Foundation
import TestSupport
import Testing

/// A program of `Programs`; what it is to print stands beside it, in a file that ends with `.expected`.
struct LibraryProgram: Sendable, CustomTestStringConvertible {
    /// Whose headers a program is compiled with, and whose library it runs on.
    enum Side: String, Sendable {
        case ours
        case original
    }

    /// What a program connects to.
    enum Server: Sendable {
        case plain
        case tls
        case certificate
        case psk
        case webSocket
        case steps
    }

    /// The name of its file.
    let file: String
    var server = Server.plain
    /// Whether it needs more than 2.0 has, or shows what is better here.
    var needs21 = false

    var testDescription: String { file }

    static let all = [
        LibraryProgram(file: "publish_exit.c"),
        LibraryProgram(file: "subscribe_forever.c"),
        LibraryProgram(file: "threads.c"),
        LibraryProgram(file: "external_loop.c"),
        LibraryProgram(file: "reconnect_callback.c"),
        LibraryProgram(file: "will.c"),
        LibraryProgram(file: "qos2.c"),
        LibraryProgram(file: "request_response.c"),
        LibraryProgram(file: "subscribe_simple.c"),
        LibraryProgram(file: "subscribe_callback.c"),
        LibraryProgram(file: "tls.c", server: .tls),
        LibraryProgram(file: "tls_key.c", server: .certificate),
        LibraryProgram(file: "psk.c", server: .psk),
        LibraryProgram(file: "socks.c"),
        LibraryProgram(file: "websocket.c", server: .webSocket, needs21: true),
        LibraryProgram(file: "ext_auth.c", server: .steps, needs21: true),
        LibraryProgram(file: "message_copy.c"),
        LibraryProgram(file: "property_lists.c"),
        LibraryProgram(file: "topics.c"),
        LibraryProgram(file: "reinitialise.c"),
        LibraryProgram(file: "threaded_loop.c"),
        LibraryProgram(file: "ssl_ctx.c", server: .tls),
        LibraryProgram(file: "results.c", needs21: true),
        LibraryProgram(file: "queue_limit.c", needs21: true),
        LibraryProgram(file: "chain.c"),
        LibraryProgram(file: "burst.c", needs21: true),
        LibraryProgram(file: "bad_packets.c", needs21: true),
        LibraryProgram(file: "server_session.c", needs21: true),
        LibraryProgram(file: "server_ends.c", needs21: true),
        LibraryProgram(file: "tls_server.c", needs21: true),
        LibraryProgram(file: "times.c", needs21: true),
        LibraryProgram(file: "callbacks.c", needs21: true),
        LibraryProgram(file: "resources.c", needs21: true),
        LibraryProgram(file: "slow_server.c", needs21: true),
        LibraryProgram(file: "class20.cpp"),
        LibraryProgram(file: "class21.cpp", needs21: true),
    ]

    static let folder = Broker.packageRoot + "/Tests/ClientLibraryTests/Programs"

    private var name: String { (file as NSString).deletingPathExtension }
    private var isCxx: Bool { file.hasSuffix(".cpp") }

    /// What it is to print.
    func expected() throws -> String {
        try String(contentsOfFile: "\(Self.folder)/\(name).expected", encoding: .utf8)
    }

    /// Builds it in a folder; the result is the path of the program.
    func build(headers: Side, library: Side, in folder: String) throws -> String {
        let path = "\(folder)/\(name)-\(headers)-\(library)"
        var words =
            isCxx
            ? (Self.words("PROGRAM_CXX") ?? ["/usr/bin/c++"]) + ["-std=c++11"]
            : (Self.words("PROGRAM_CC") ?? ["/usr/bin/cc"]) + ["-std=gnu11"]
        words += ["-O1", "-g", "-Wall", "-Wextra", "-Werror", "\(Self.folder)/\(file)", "-o", path]
        if headers == .ours { words.append("-I\(Broker.packageRoot)/include") }
        if library == .ours {
            words += ["-L\(try ClientLibrary.folder.get())", "-Wl,--allow-shlib-undefined"]
        }
        if isCxx { words.append("-l:libmosquittopp.so.1") }
        words += ["-l:libmosquitto.so.1", "-lssl", "-lcrypto", "-lpthread"]
        words += Self.words("PROGRAM_LIBS") ?? []
        let outcome = try ChildProcess.run(words[0], Array(words.dropFirst()), seconds: 60)
        guard outcome.status == 0 else { throw Mismatch("\(words): \(outcome.errors)") }
        return path
    }

    /// Runs it to its end, against a broker of its kind.
    func run(_ path: String, on library: Side) throws -> Outcome {
        let broker = try broker()
        // The name that is in the certificate.
        let host = server == .tls || server == .certificate ? "localhost" : "127.0.0.1"
        let ours = library == .ours ? ["LD_LIBRARY_PATH": try ClientLibrary.folder.get()] : [:]
        let words =
            (Self.words("PROGRAM_WRAPPER") ?? [])
            + [path, host, "\(broker.port)", try ProgramCertificates.shared.get().directory]
        return try ChildProcess.run(
            words[0],
            Array(words.dropFirst()),
            environment: ours,
            seconds: 10 + (Self.words("PROGRAM_SECONDS")?.first.flatMap { Double($0) } ?? 30)
        )
    }

    /// Other compilers and libraries, something to run programs within, more time: for `scripts/client-library.sh`.
    private static func words(_ variable: String) -> [String]? {
        ProcessInfo.processInfo.environment[variable]?.split(separator: " ").map { String($0) }
    }

    private func broker() throws -> Broker {
        var lines = ["listener %PORT% 127.0.0.1", "allow_anonymous true", "log_type all"]
        let certificates = try ProgramCertificates.shared.get()
        switch server {
        case .plain: break
        case .tls: lines += certificates.serverLines
        case .certificate: lines += certificates.serverLines + ["require_certificate true"]
        case .psk: lines += ["psk_hint hint", "psk_file \(certificates.directory)/keys"]
        case .webSocket: lines.append("protocol websockets")
        case .steps: lines.append("plugin \(certificates.directory)/steps.so")
        }
        return try Broker.shared(lines.joined(separator: "\n") + "\n", workers: 2)
    }
}
