// SPDX-License-Identifier: Apache-2.0
// From listener options to listening sockets.

import CLinux
package import Config
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

    /// A socket that could not be opened on an address; `note` says what there is to know about it.
    init(_ error: SystemError, listenerAt address: String, note: String) {
        line = "\(Self.prefix)\(error.reason): \(address)\(note)"
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
        var taken = TakenAddresses(settings.configuration)
        var servesClients = false
        for listener in settings.listeners {
            let isAPI = listener.configuration.protocol == .httpApi
            do throws(ListenerError) {
                sockets += try open(listener, settings.configuration, &taken, log)
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

    /// From now on peers may connect to these sockets, which are those of `configuration`.
    package static func listen(
        on sockets: [ListenerSocket],
        _ configuration: Configuration
    ) throws(ListenerError) {
        for socket in sockets {
            do throws(SystemError) {
                try socket.startListening()
            } catch {
                // Somebody has begun to listen since the address was bound.
                let note = TakenAddresses(configuration).note(on: error, at: nil)
                throw ListenerError(
                    error,
                    listenerAt: socket.name,
                    note: note + configuration.mentionOfListener(socket.listenerIndex)
                )
            }
        }
    }

    private static func open(
        _ listener: ListenerSettings,
        _ configuration: Configuration,
        _ taken: inout TakenAddresses,
        _ log: Log
    ) throws(ListenerError) -> [ListenerSocket] {
        let mention = configuration.mentionOfListener(listener.index)
        if let path = listener.configuration.unixSocketPath {
            log.info("Opening unix listen socket on path \(path).")
            do {
                let socket = try ListenerSocket.unix(path: path, listenerIndex: listener.index)
                logOpened(listener, at: path, log)
                return [socket]
            } catch {
                throw ListenerError(line: OptionPlaces.line(unixFailure(error, path), mention))
            }
        }
        var sockets: [ListenerSocket] = []
        var failure: ListenerError?
        for address in try addresses(of: listener.configuration, mention: mention, log) {
            let family = address.family == AF_INET6 ? "ipv6" : "ipv4"
            let kind = listener.configuration.protocol == .httpApi ? "http api" : family
            log.info("Opening \(kind) listen socket on port \(listener.configuration.port).")
            do throws(SystemError) {
                try taken.check(address)
                sockets.append(try address.open(listener.index, configuration.setTcpNodelay))
                logOpened(listener, at: "\(address)", log)
                taken.add(address, of: listener.index)
            } catch {
                if error.code == EACCES { log.error(capabilityHint) }
                let line = ListenerError(
                    error,
                    listenerAt: "\(address)",
                    note: taken.note(on: error, at: address) + mention
                )
                guard mayLack(address, of: listener.configuration, error) else { throw line }
                failure = line
            }
        }
        if let failure, sockets.isEmpty { throw failure }
        return sockets
    }

    /// Says of a listener that waits where it does, and what it speaks.
    private static func logOpened(_ listener: ListenerSettings, at address: String, _ log: Log) {
        var fields = LogFields(.listenerOpened)
        fields.listener = listener.logName
        fields.address = listener.configuration.unixSocketPath ?? listener.configuration.host
        log.info("Listening on \(address): \(listener.summary).", fields)
    }

    /// Whether a listener does without an address: a machine without IPv6 serves names and the
    /// wildcard on IPv4 alone.
    static func mayLack(
        _ address: ResolvedAddress,
        of listener: ListenerConfiguration,
        _ error: SystemError
    ) -> Bool {
        error.code == EAFNOSUPPORT || listener.host == nil && error.code == EADDRNOTAVAIL
    }

    private static let capabilityHint =
        "Ports below 1024 need a capability: sudo setcap CAP_NET_BIND_SERVICE=+ep <this program>"

    /// What the log says of a Unix socket that cannot be opened.
    static func unixFailure(_ error: SystemError, _ path: String) -> String {
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
    ///
    /// `mention` is what an error line ends in.
    static func addresses(
        of listener: ListenerConfiguration,
        mention: String,
        _ log: Log
    ) throws(ListenerError) -> [ResolvedAddress] {
        do throws(ListenerError) {
            var found = try ResolvedAddress.resolve(
                host: listener.host,
                port: listener.port,
                family: family(listener.socketDomain)
            )
            if let interface = listener.bindInterface {
                found = try ResolvedAddress.restrict(found, to: interface, host: listener.host, log)
            }
            return found
        } catch {
            throw ListenerError(line: OptionPlaces.line(error.line, mention))
        }
    }

    private static func family(_ domain: SocketDomain?) -> CInt {
        switch domain {
        case .ipv4: AF_INET
        case .ipv6: AF_INET6
        case nil: AF_UNSPEC
        }
    }
}
