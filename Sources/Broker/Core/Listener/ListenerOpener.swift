// SPDX-License-Identifier: Apache-2.0
// From listener options to listening sockets.

import CLinux
import Config
import Glibc
package import Log
package import Net

/// A listener that could not be opened; `line` is what the log says.
package struct ListenerError: Error {
    /// The log line.
    package let line: String
    /// What it says behind `Error: `.
    fileprivate var subject: String {
        line.hasPrefix(Self.prefix) ? String(line.dropFirst(Self.prefix.count)) : line
    }

    private static let prefix = "Error: "

    init(line: String) { self.line = line }

    /// A socket that could not be opened on an address.
    fileprivate init(_ error: SystemError, listenerAt address: String) {
        line = "\(Self.prefix)\(error.reason): \(address)"
    }
}

/// Opens the sockets of listeners.
package enum ListenerOpener {
    /// Opens all sockets of the configuration.
    ///
    /// In local-only mode it is enough that clients can connect over one family; otherwise any
    /// failure ends the start.
    package static func open(
        _ settings: Settings,
        log: Log
    ) throws(ListenerError) -> [ListenerSocket] {
        var sockets: [ListenerSocket] = []
        var servesClients = false
        for listener in settings.listeners {
            let isAPI = listener.configuration.protocol == .httpApi
            do throws(ListenerError) {
                sockets += try open(listener, settings.configuration, log)
                servesClients = servesClients || !isAPI
            } catch {
                guard settings.configuration.isLocalOnly else { throw error }
                log.warning(isAPI ? "Warning: No HTTP API: \(error.subject)." : error.line)
            }
        }
        guard servesClients || !settings.configuration.isLocalOnly else {
            throw ListenerError(line: "Error: Unable to open any listener.")
        }
        return sockets
    }

    /// From now on peers may connect to these sockets.
    package static func listen(on sockets: [ListenerSocket]) throws(ListenerError) {
        for socket in sockets {
            do throws(SystemError) {
                try socket.startListening()
            } catch {
                throw ListenerError(error, listenerAt: socket.name)
            }
        }
    }

    private static func open(
        _ listener: ListenerSettings,
        _ configuration: Configuration,
        _ log: Log
    ) throws(ListenerError) -> [ListenerSocket] {
        if let path = listener.configuration.unixSocketPath {
            log.info("Opening unix listen socket on path \(path).")
            do {
                return [try ListenerSocket.unix(path: path, listenerIndex: listener.index)]
            } catch {
                throw ListenerError(line: unixFailure(error, path))
            }
        }
        var sockets: [ListenerSocket] = []
        var failure: ListenerError?
        for address in try addresses(of: listener.configuration, log) {
            let family = address.family == AF_INET6 ? "ipv6" : "ipv4"
            let kind = listener.configuration.protocol == .httpApi ? "http api" : family
            log.info("Opening \(kind) listen socket on port \(listener.configuration.port).")
            do throws(SystemError) {
                sockets.append(try address.open(listener.index, configuration.setTcpNodelay))
            } catch {
                if error.code == EACCES { log.error(capabilityHint) }
                let line = ListenerError(error, listenerAt: "\(address)")
                // A machine without IPv6 serves names and the wildcard on IPv4 alone.
                let isWildcard = listener.configuration.host == nil
                guard error.code == EAFNOSUPPORT || isWildcard && error.code == EADDRNOTAVAIL
                else { throw line }
                failure = line
            }
        }
        if let failure, sockets.isEmpty { throw failure }
        return sockets
    }

    private static let capabilityHint =
        "Ports below 1024 need a capability: sudo setcap CAP_NET_BIND_SERVICE=+ep <this program>"

    /// What the log says of a Unix socket that cannot be opened.
    private static func unixFailure(_ error: SystemError, _ path: String) -> String {
        switch (error.call, error.code) {
        case (_, ENAMETOOLONG): "Error: Path to unix socket is too long \"\(path)\"."
        case ("socket", _): "Error creating unix socket: \(error.reason)"
        case ("listen", _): "Error listening to unix socket: \(error.reason): \(path)"
        case (_, EEXIST):
            "Error binding unix socket: \(path) is there and no socket; it was left alone"
        default: "Error binding unix socket: \(error.reason): \(path)"
        }
    }

    /// The addresses a listener binds, resolved.
    private static func addresses(
        of listener: ListenerConfiguration,
        _ log: Log
    ) throws(ListenerError) -> [ResolvedAddress] {
        var found = try ResolvedAddress.resolve(
            host: listener.host,
            port: listener.port,
            family: family(listener.socketDomain)
        )
        if let interface = listener.bindInterface {
            found = try ResolvedAddress.restrict(found, to: interface, host: listener.host, log)
        }
        return found
    }

    private static func family(_ domain: SocketDomain?) -> CInt {
        switch domain {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case nil: AF_UNSPEC
        }
    }
}
