// SPDX-License-Identifier: Apache-2.0
// What is said of a listener.

import Config
import Glibc
import JSON
import Net

/// What is said of a listener; looks at its files: not for reactors.
struct ListenerReport {
    private let listener: ListenerSettings
    private let broker: Broker
    private var entry = JSONMembers()

    init(_ listener: ListenerSettings, _ broker: Broker) {
        self.listener = listener
        self.broker = broker
    }

    /// All of it.
    var value: JSONValue {
        var report = self
        report.addPlace()
        report.addLoad()
        report.addCertificates()
        return report.entry.object
    }

    private mutating func addPlace() {
        let configuration = listener.configuration
        entry.add("port", configuration.port)
        switch configuration.protocol {
        case .mqtt: entry.add("protocol", "mqtt")
        case .websockets: entry.add("protocol", "mqtt+websockets")
        case .httpApi: break
        }
        entry.add("bind-address", configuration.host)
        entry.add("socket-path", configuration.unixSocketPath)
        entry.add("tls", configuration.tls.isEnabled || configuration.pskHint != nil)
        entry.add("anonymous", listener.allowsAnonymous)
    }

    private mutating func addLoad() {
        let figures = broker.figures(of: listener)
        entry.add("connections", figures.connectionCount)
        if figures.limit > 0 { entry.add("limit", figures.limit) }
        entry.add("accepted", Int(clamping: figures.accepted))
        var rejected = JSONMembers()
        for (reason, count) in zip(ListenerRejection.allCases, figures.rejected) where count > 0 {
            rejected.add(reason.label, Int(clamping: count))
        }
        entry.add("rejected", rejected.object)
        if let handshakes = figures.handshakes {
            entry.add("failed-handshakes", Int(clamping: handshakes.failed))
        }
    }

    private mutating func addCertificates() {
        guard let tls = broker.settings.transports[listener.index].tls else { return }
        let now = Clock.wallSeconds()
        let certificates = tls.certificateEnds.map { end in
            var certificate = JSONMembers()
            certificate.add("kind", end.kind.rawValue)
            certificate.add("ends", Timestamp.text(end.second))
            certificate.add("days-left", Int((end.second - now) / 86_400))
            return certificate.object
        }
        entry.add("certificates", .array(certificates))
        let files = listener.configuration.tls
        for (name, path) in [("certfile", files.certfile), ("cafile", files.cafile)] {
            entry.add(name, path)
            if let path, Self.hasChanged(path, since: broker.health.configuredAt) {
                entry.add("\(name)-changed", true)
            }
        }
    }

    /// Whether a file is newer than what was read of it, in seconds since 1970.
    private static func hasChanged(_ path: String, since second: Int64) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        return Int64(status.st_mtim.tv_sec) > second
    }
}
