// SPDX-License-Identifier: Apache-2.0
// A broker that sees its own `/etc/hosts.allow` and `/etc/hosts.deny`.

import Foundation
import TestSupport

/// A broker in a name space of its own, where two files of its folder stand for those of the machine.
struct GuardedBroker {
    let broker: Broker

    /// Whether the system allows name spaces; what it says if not.
    static let refusal: String? = {
        guard ["allow", "deny"].allSatisfy({ access("/etc/hosts.\($0)", F_OK) == 0 }) else {
            return "there is no /etc/hosts.allow to be replaced"
        }
        let outcome = try? ChildProcess.run(unshare[0], Array(unshare.dropFirst()) + ["/bin/true"])
        guard let outcome, outcome.status == 0 else {
            return "no name spaces here: \(outcome?.errors ?? "unshare is missing")"
        }
        return nil
    }()

    private static let unshare = ["/usr/bin/unshare", geteuid() == 0 ? "-m" : "-rm"]

    /// Starts a broker with rules; `listener` is what follows the first line of its listener.
    init(
        of program: Broker.Program = .own,
        allow: String = "",
        deny: String = "",
        head: String = "",
        listener: String = "",
        workers: Int = 1
    ) throws {
        let script = """
            mount --bind "$0/allow" /etc/hosts.allow && mount --bind "$0/deny" /etc/hosts.deny \
            && exec "$@"
            """
        broker = try Broker(
            "user root\n\(head)log_type all\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n"
                + listener,
            of: program,
            workers: workers,
            files: ["allow": allow, "deny": deny],
            launcher: Self.unshare + ["/bin/sh", "-c", script, "%DIR%"]
        )
    }

    /// Writes both files anew, in place.
    func set(allow: String, deny: String) throws {
        for (name, text) in [("allow", allow), ("deny", deny)] {
            try text.write(
                toFile: "\(broker.directory)/\(name)",
                atomically: false,
                encoding: .utf8
            )
        }
    }

    /// Whether a new client is let in.
    func letsIn(_ name: String = "c", head: Bytes = []) throws -> Bool {
        let client = try RawClient(broker)
        client.send(head + Wire.connect(name))
        guard let answer = client.nextPacket(seconds: 10) else {
            guard client.isClosed else { throw Mismatch("neither let in nor closed") }
            return false
        }
        guard answer == Wire.connack(.v4) else { throw Mismatch("answer \(answer)") }
        try client.disconnect()
        return true
    }
}
