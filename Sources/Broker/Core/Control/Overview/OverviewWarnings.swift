// SPDX-License-Identifier: Apache-2.0
// What those who run the broker should look at.

import Config
import Net

/// What those who run the broker should look at, in words.
struct OverviewWarnings {
    /// Days before the end of a certificate.
    private static let certificateDays: Int64 = 14

    private let broker: Broker
    private let process: ProcessFigures

    init(_ broker: Broker, _ process: ProcessFigures) {
        self.broker = broker
        self.process = process
    }

    var texts: [String] {
        var texts: [String] = []
        if broker.readiness != .ready { texts.append("not ready: \(broker.readinessWord)") }
        if !broker.health.hasGoodConfiguration {
            texts.append("the last reload failed: the configuration before it is in force")
        }
        texts += broker.warnings
        texts += broker.settings.listeners.flatMap(about)
        if let open = process.openDescriptorCount, let limit = process.descriptorMax,
            let text = Self.descriptors(open: open, limit: limit)
        {
            texts.append(text)
        }
        return texts
    }

    /// Nine tenths of the descriptors are in use.
    static func descriptors(open: Int, limit: Int) -> String? {
        guard open >= limit / 10 * 9 else { return nil }
        return "\(open) of \(limit) file descriptors are in use"
    }

    private func about(_ listener: ListenerSettings) -> [String] {
        var texts: [String] = []
        let configuration = listener.configuration
        if configuration.protocol != .httpApi, listener.allowsAnonymous,
            configuration.unixSocketPath == nil, Self.isEverywhere(configuration.host),
            !broker.settings.configuration.isLocalOnly
        {
            texts.append("listener \(listener.logName) lets anonymous clients in on all addresses")
        }
        guard let tls = broker.settings.transports[listener.index].tls else { return texts }
        let now = Clock.wallSeconds()
        for end in tls.certificateEnds {
            if let text = Self.certificate(end, at: now) {
                texts.append("listener \(listener.logName): \(text)")
            }
        }
        return texts
    }

    /// Whether a host stands for all addresses of the machine.
    static func isEverywhere(_ host: String?) -> Bool {
        host.map { ["0.0.0.0", "::", "*"].contains($0) } ?? true
    }

    /// What is to be said of a certificate at a second since 1970.
    static func certificate(_ end: CertificateEnd, at now: Int64) -> String? {
        let name = end.kind == .server ? "the certificate" : "the certificate of an authority"
        guard end.second >= now else { return "\(name) has ended at \(Timestamp.text(end.second))" }
        guard end.second - now < certificateDays * 86_400 else { return nil }
        return "\(name) ends at \(Timestamp.text(end.second))"
    }
}
