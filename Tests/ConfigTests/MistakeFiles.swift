// SPDX-License-Identifier: Apache-2.0
// The files that wrong configurations name.

import Foundation
import TestSupport

/// A directory with certificates, keys and files with mistakes, made once.
struct MistakeFiles: Sendable {
    static let shared = Result { try MistakeFiles() }

    /// The directory's path.
    let path: String
    /// Where the plugins were built.
    let plugins = URL(fileURLWithPath: Broker.Program.own.path).deletingLastPathComponent().path

    private init() throws {
        let directory = try TemporaryDirectory()
        path = directory.path
        // Whoever holds the directory keeps it there.
        _ = Unmanaged.passRetained(directory)
        atexit {
            guard let path = try? MistakeFiles.shared.get().path else { return }
            try? FileManager.default.removeItem(atPath: path)
        }
        for (name, text) in Self.texts {
            let file = try directory.write(name, text)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }
        for name in ["folder", "empty"] {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)",
                withIntermediateDirectories: false
            )
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(path)/link",
            withDestinationPath: "\(path)/pw"
        )
        let script = """
            openssl ecparam -name prime256v1 -genkey -noout -out key.pem
            openssl ecparam -name prime256v1 -genkey -noout -out other.key
            openssl req -x509 -key key.pem -out cert.pem -subj /CN=localhost -days 2
            """
        let outcome = try ChildProcess.run("/bin/sh", ["-ec", "cd '\(path)'\n\(script)"])
        guard outcome.status == 0 else { throw Mismatch(outcome.errors) }
    }

    private static let texts = [
        "pw": "alice:\(PasswordVectors.all[0])\n",
        "pw_plain": "# users\nalice:secret\n",
        "pw_hash": "alice:$7$1000$abc$def\n",
        "pw_kind": "alice:$9$1000$abc$def\n",
        "pw_empty": "bob:\n",
        "pw_twice": "bob:\(PasswordVectors.all[0])\nbob:\(PasswordVectors.all[1])\n",
        "acl_word": "user alice\ntopc read x\n",
        "acl_access": "user alice\ntopic raed x/y\n",
        "acl_filter": "\nuser alice\ntopic read a/#/b\n",
        "acl_user": "user\n",
        "psk_bad": "one:12ab\ntwo:zz\n",
        "broken.json": "{\n\"clients\": [\n",
        "array.json": "[]\n",
        "state.json": "{}\n",
        "credentials": "alice:SCRAM-SHA-256$0:x$y:z\n",
        "text": "nothing of the kind\n",
    ]
}
