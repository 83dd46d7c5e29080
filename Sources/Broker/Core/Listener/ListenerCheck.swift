// SPDX-License-Identifier: Apache-2.0
// What can be known of listeners without opening them.

import CLinux
package import Config
import Glibc
package import Log
import Net

/// Checks the listeners of a configuration without opening one.
package enum ListenerCheck {
    /// What is wrong with addresses, sockets, certificates and keys.
    ///
    /// Whether somebody else has a port is not looked at: a running broker has its own. Names are
    /// resolved and files read, so this may take its time.
    package static func mistakes(
        in configuration: Configuration,
        log: Log
    ) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        if !configuration.isLocalOnly {
            var taken = TakenAddresses(configuration)
            for (index, listener) in configuration.listeners.enumerated() {
                do throws(ListenerError) {
                    try check(listener, index, configuration, &taken, log)
                } catch {
                    errors.append(ConfigurationError([error.line], exitCode: 1))
                }
            }
        }
        do throws(SystemError) {
            let transports = try ListenerTransports(log: log, keyLogFile: nil)
            errors += transports.mistakes(in: configuration)
        } catch {
            errors.append(ConfigurationError(["Error: Unable to start: \(error)"], exitCode: 1))
        }
        return errors
    }

    private static func check(
        _ listener: ListenerConfiguration,
        _ index: Int,
        _ configuration: Configuration,
        _ taken: inout TakenAddresses,
        _ log: Log
    ) throws(ListenerError) {
        let mention = configuration.mentionOfListener(index)
        if let path = listener.unixSocketPath {
            do throws(SystemError) {
                return try checkSocket(path)
            } catch {
                let line = ListenerOpener.unixFailure(error, path)
                throw ListenerError(line: OptionPlaces.line(line, mention))
            }
        }
        var failure: ListenerError?
        var count = 0
        for address in try ListenerOpener.addresses(of: listener, mention: mention, log) {
            if let note = taken.note(at: address) {
                let error = SystemError("bind", code: EADDRINUSE)
                throw ListenerError(error, listenerAt: "\(address)", note: note + mention)
            }
            do throws(SystemError) {
                try address.probe()
                taken.add(address, of: index)
                count += 1
            } catch {
                let note = taken.note(on: error, at: address) + mention
                let line = ListenerError(error, listenerAt: "\(address)", note: note)
                guard ListenerOpener.mayLack(address, of: listener, error) else { throw line }
                failure = line
            }
        }
        if let failure, count == 0 { throw failure }
    }

    /// Whether a Unix socket can be made at a path.
    private static func checkSocket(_ path: String) throws(SystemError) {
        let address = sockaddr_un()
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("bind", code: ENAMETOOLONG)
        }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            throw SystemError("bind", code: EEXIST)
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard access(folder, W_OK | X_OK) == 0 else { throw SystemError("bind") }
    }
}
