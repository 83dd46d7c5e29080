// SPDX-License-Identifier: Apache-2.0
// Becoming an ordinary user, and the file mode mask.

import CLinux
import Config
import Glibc
import Log

/// Why the process cannot become the broker.
struct StartError: Error {
    /// The line to log.
    let line: String
    /// The exit status.
    var exitCode: Int32 = 3
}

/// Becoming an ordinary user, and the file mode mask.
enum Privileges {
    /// Gives up the rights of root: to PUID and PGID if they are set, else to `user`.
    ///
    /// Does nothing but log who we are when the process is not root's.
    static func drop(
        to configuration: Configuration,
        _ log: Log,
        isAnnounced: Bool = true
    ) throws(StartError) {
        let user = configuration.user
        if geteuid() == 0, !isSnap {
            let ids = (user: try environmentID("PUID"), group: try environmentID("PGID"))
            if ids.user != nil || ids.group != nil {
                try become(user: ids.user ?? 0, group: ids.group ?? 0)
            } else if user != "root" {
                try become(user, configuration, log)
            }
        }
        if isAnnounced { logUser(log) }
    }

    /// Applies the mask in UMASK_SET, if it is there.
    static func applyUmask() throws(StartError) {
        guard let value = getenv("UMASK_SET") else { return }
        let text = String(cString: value)
        guard let mask = Int(text, radix: 8) else {
            throw StartError(
                line: "Error: UMASK_SET environment variable not a valid octal number."
            )
        }
        guard 0...0o777 ~= mask else {
            throw StartError(line: "Error: UMASK_SET environment variable out of range.")
        }
        _ = umask(mode_t(mask))
    }

    /// Whether a snap already confines the process.
    private static var isSnap: Bool {
        getenv("SNAP_NAME").map { String(cString: $0) } == "mosquitto"
    }

    /// The id in an environment variable; nil if it is not set, 0 to keep what we are.
    private static func environmentID(_ name: String) throws(StartError) -> UInt32? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        guard let id = Int(text) else {
            throw StartError(line: "Error: \(name) not a valid ID '\(text)'")
        }
        guard id >= 0 else { throw StartError(line: "Error: \(name) must not be negative.") }
        guard let id = UInt32(exactly: id), id != .max else {
            throw StartError(line: "Error: \(name) too large.")
        }
        return id
    }

    /// Becomes the ids given by number.
    private static func become(user: UInt32, group: UInt32) throws(StartError) {
        if user > 0 || group > 0 { try leaveGroups(user: user, group: group) }
        if group > 0, setgid(group) != 0 { throw failure("gid") }
        if user > 0, setuid(user) != 0 { throw failure("uid") }
    }

    /// Gives up the supplementary groups, root's own, for those of the user with that id.
    ///
    /// Where the system does not allow it (a user namespace without the right to set groups) it is
    /// no failure if there are none.
    private static func leaveGroups(user: UInt32, group: UInt32) throws(StartError) {
        let isDone: Bool
        if user > 0, let entry = getpwuid(user) {
            let own = group > 0 ? group : entry.pointee.pw_gid
            isDone = initgroups(entry.pointee.pw_name, own) == 0
        } else {
            isDone = setgroups(0, nil) == 0
        }
        if !isDone {
            let error = errno
            guard getgroups(0, nil) == 0 else {
                errno = error
                throw failure("groups")
            }
        }
    }

    /// Becomes a user by name; `nobody` stands in for a missing default user.
    private static func become(
        _ name: String,
        _ configuration: Configuration,
        _ log: Log
    ) throws(StartError) {
        var name = name
        var entry = getpwnam(name)
        if entry == nil, name == "mosquitto" {
            log.warning("Warning: The user 'mosquitto' does not exist, using 'nobody' instead.")
            name = "nobody"
            entry = getpwnam(name)
        }
        guard let entry else {
            throw StartError(
                line:
                    "Error: Unable to drop privileges to '\(name)' because this user does not exist"
                    + "\(configuration.places.mention("user", in: .general))."
            )
        }
        let user = entry.pointee.pw_uid
        let group = entry.pointee.pw_gid
        guard initgroups(name, group) == 0 else { throw failure("groups") }
        guard setgid(group) == 0 else { throw failure("gid") }
        guard setuid(user) == 0 else { throw failure("uid") }
    }

    /// The error of a system call that would not change who we are.
    private static func failure(_ what: String) -> StartError {
        let reason = String(cString: strerror(errno))
        return StartError(
            line: "Error setting \(what) whilst dropping privileges: \(reason).",
            exitCode: 14
        )
    }

    /// Logs who we are now.
    private static func logUser(_ log: Log) {
        let id = geteuid()
        if let entry = getpwuid(id) {
            let name = String(cString: entry.pointee.pw_name)
            log.info("Info: running mosquitto as user: \(name).")
        } else {
            log.info("Info: running mosquitto as user id: \(id).")
        }
        if id == 0 {
            log.warning("Warning: Mosquitto should not be run as root/administrator.")
        }
    }
}
