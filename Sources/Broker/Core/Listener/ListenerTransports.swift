// SPDX-License-Identifier: Apache-2.0
// From listener options to TLS contexts and the like, at start and on reload.

import CLinux
import Config
import Glibc
import Log
package import Net
import Synchronization

/// Certificates, keys or other files of a listener that cannot be used.
package struct TransportSetupError: Error {
    /// What the log says.
    package let lines: [String]
    /// The exit status at start.
    package let exitCode: Int32
}

/// What a reload has read for listeners and bridges and not put in force.
package struct PreparedTransports: Sendable {
    /// One for each listener.
    let plans: [TransportPlan]
    /// One for each bridge.
    let bridges: [BridgePlan]
}

/// Answers for plugins where a pre-shared key is asked for: by the number of the listener.
///
/// Nil leaves the question to the key file. Called on a thread that may wait.
package typealias PSKHook = @Sendable (_ listener: Int, _ query: PSKQuery) -> PSKAnswer?

/// Makes the transport plans of all listeners.
///
/// Reads files, so it is not for reactors.
/// [MQTT-4.2.0-1] [MQTT311-7.1.1-1]
final class ListenerTransports: Sendable {
    /// The threads that shake hands.
    let pool: HandshakePool
    private let keyLogFile: String?
    private let log: Log
    private let hook = Mutex<PSKHook?>(nil)
    /// How handshakes go, by the number of the listener; outlives reloads.
    private let figures = Mutex<[Int: TLSFigures]>([:])

    init(log: Log, keyLogFile: String?) throws(SystemError) {
        let processors = Processors.available
        pool = try HandshakePool(threadCount: min(processors, 8))
        self.keyLogFile = keyLogFile
        self.log = log
    }

    /// Sets who is asked for pre-shared keys before the file, by the plans that are made from now on.
    func setHook(_ hook: PSKHook?) {
        self.hook.withLock { $0 = hook }
    }

    /// How handshakes at a listener go, by its number.
    private func figures(of index: Int) -> TLSFigures {
        figures.withLock { figures in
            if let known = figures[index] { return known }
            let made = TLSFigures()
            figures[index] = made
            return made
        }
    }

    /// Runs what may take time on one of the threads that shake hands.
    func perform(_ work: @escaping @Sendable () -> Void) { pool.perform(work) }

    /// Ends the threads that shake hands.
    func stop() { pool.stop() }

    /// Plans for a start: the first thing that is wrong ends it.
    func plans(for configuration: Configuration) throws(TransportSetupError) -> [TransportPlan] {
        var plans: [TransportPlan] = []
        for (index, listener) in configuration.listeners.enumerated() {
            plans.append(try plan(index, listener, configuration))
        }
        return plans
    }

    /// What a reload needs: everything that is wrong is listed.
    func prepare(_ configuration: Configuration) throws(ConfigurationError) -> PreparedTransports {
        var plans: [TransportPlan] = []
        var errors: [ConfigurationError] = []
        for (index, listener) in configuration.listeners.enumerated() {
            do throws(TransportSetupError) {
                plans.append(try plan(index, listener, configuration))
            } catch {
                var lines = error.lines
                if let (certificate, key) = listener.tls.files {
                    let line = "Error when reloading certificate '\(certificate)' or key '\(key)'."
                    lines.insert(line, at: 0)
                }
                errors.append(ConfigurationError(lines, exitCode: error.exitCode))
            }
        }
        let bridges = bridgePlans(for: configuration, &errors)
        if let error = ConfigurationError(errors) { throw error }
        return PreparedTransports(plans: plans, bridges: bridges)
    }

    /// What is wrong with the files of all listeners and bridges.
    func mistakes(in configuration: Configuration) -> [ConfigurationError] {
        var errors: [ConfigurationError] = []
        for (index, listener) in configuration.listeners.enumerated() {
            do throws(TransportSetupError) {
                _ = try plan(index, listener, configuration)
            } catch {
                errors.append(ConfigurationError(error.lines, exitCode: error.exitCode))
            }
        }
        _ = bridgePlans(for: configuration, &errors)
        return errors
    }

    private func plan(
        _ index: Int,
        _ listener: ListenerConfiguration,
        _ configuration: Configuration
    ) throws(TransportSetupError) -> TransportPlan {
        var plan = TransportPlan()
        if let version = listener.enableProxyProtocol {
            plan.proxy = ProxyRules(
                version: version,
                requiresTLS: listener.proxyProtocolV2RequireTls,
                requiresCertificate: listener.tls.requireCertificate
            )
        }
        if listener.protocol == .websockets {
            plan.webSocket = WebSocketRules(
                origins: listener.websocketsOrigins,
                headCountMax: configuration.packetBufferSize
            )
        }
        if listener.tls.isEnabled || listener.pskHint != nil {
            plan.tls = try context(index, listener, configuration)
        }
        return plan
    }

    private func context(
        _ index: Int,
        _ listener: ListenerConfiguration,
        _ configuration: Configuration
    ) throws(TransportSetupError) -> TLSContext {
        if let engine = listener.tls.tlsEngine ?? (listener.tls.isEngineKey ? "the" : nil) {
            let place = configuration.places.mention(
                "tls_engine",
                "tls_keyform",
                in: .listener(index)
            )
            throw TransportSetupError(
                lines: [
                    "Error loading \(engine) engine",
                    "Error: OpenSSL 3 has no engines; use a key file in PEM form\(place).",
                ],
                exitCode: 1
            )
        }
        var source: PSKSource?
        if listener.pskHint != nil {
            let security =
                configuration.perListenerSettings ? listener.security : configuration.security
            let place = configuration.mentionOfSecurity("psk_file", listener: index)
            let keys = try security.pskFile.map { path throws(TransportSetupError) in
                try PSKFile(path: path, mention: place, log: log)
            }
            let hook = hook.withLock { $0 }
            source = PSKSource(mayWait: hook != nil) { query in
                hook?(index, query) ?? keys?.key(of: query.identity) ?? .unknown
            }
        }
        if let file = keyLogFile {
            log.notice("TLS secrets of the listener on port \(listener.port) are logged.")
            log.notice("Whoever can read \(file) can read the traffic.")
        }
        do throws(TLSError) {
            return try TLSContext(
                options(listener),
                pool: pool,
                pskSource: source,
                figures: figures(of: index)
            )
        } catch {
            var lines = error.lines
            if let option = error.option, let line = lines.first {
                let place = configuration.places.mention(option, in: .listener(index))
                lines[0] = OptionPlaces.line(line, place)
            }
            throw TransportSetupError(lines: lines, exitCode: 1)
        }
    }

    private func options(_ listener: ListenerConfiguration) -> TLSOptions {
        let tls = listener.tls
        var options = TLSOptions()
        options.port = listener.port
        options.certificateFile = tls.certfile
        options.keyFile = tls.keyfile
        options.authorityFile = tls.cafile
        options.authorityDirectory = tls.capath
        options.revocationFile = tls.crlfile
        options.minimumVersion = tls.tlsVersion
        options.ciphers = tls.ciphers
        options.cipherSuites = tls.ciphersTls13
        options.requiresCertificate = tls.requireCertificate
        options.ignoresCertificateDates = tls.disableClientCertDateChecks
        options.pskHint = listener.pskHint
        options.applicationProtocol = listener.protocol == .mqtt ? "mqtt" : "http/1.1"
        options.keyLogFile = keyLogFile
        return options
    }
}

extension TLSConfiguration {
    /// Certificate and key, when the listener has both.
    fileprivate var files: (certificate: String, key: String)? {
        guard let certfile, let keyfile else { return nil }
        return (certfile, keyfile)
    }
}
