// SPDX-License-Identifier: Apache-2.0
// From the options of a bridge to connections.

package import Config
import Encoding
import Net
import Topics

/// A bridge as it is configured, with what its connections are made of.
///
/// Whatever files the options name has been read: connecting reads none. A reload makes another plan, so
/// that certificates that were replaced are used with the next connection.
///
/// There may be thousands, most of them not connected: only what is costly to make is kept, and that once
/// for all bridges that have it in common.
package final class BridgePlan: Sendable {
    /// What the file says of all bridges, which nobody needs a second copy of.
    private let configurations: [BridgeConfiguration]
    private let index: Int
    /// The bridge's side of TLS; nil without.
    private let context: TLSContext?
    /// Its topics, compiled.
    let topics: BridgeTopicMap

    /// Reads the files that a bridge names.
    ///
    /// Blocks; not for reactors.
    ///
    /// - Parameters:
    ///   - configurations: all bridges of the file
    ///   - index: which one it is
    ///   - mention: what an error line ends in that is about an option of the bridge: its place
    ///   - contexts: what the options of TLS of other bridges have come to
    ///   - pool: the threads that shake hands
    /// - Throws: what the log says of a certificate, key or list of ciphers that cannot be used.
    init(
        _ configurations: [BridgeConfiguration],
        _ index: Int,
        _ contexts: inout [BridgeTLSConfiguration: TLSContext],
        pool: HandshakePool,
        mention: (_ option: String) -> String = { _ in "" }
    ) throws(TransportSetupError) {
        self.configurations = configurations
        self.index = index
        let configuration = configurations[index]
        topics = BridgeTopicMap(configuration.topics)
        do throws(TLSError) {
            context = try configuration.clientOptions.map { options throws(TLSError) in
                if let known = contexts[configuration.tls] { return known }
                let made = try TLSContext(client: options, pool: pool)
                contexts[configuration.tls] = made
                return made
            }
        } catch {
            var lines = error.lines
            if let option = error.option, let line = lines.first {
                lines[0] = OptionPlaces.line(line, mention(option))
            }
            throw TransportSetupError(lines: lines, exitCode: 1)
        }
    }

    /// Where to connect, and how, by the number of the address.
    func target(_ index: Int) -> OutgoingPlan {
        configuration.target(configuration.addresses[index], context)
    }

    /// What the remote is asked for, in the order of the file.
    var requests: [BridgeTopicMap.Request] { BridgeTopicMap.requests(configuration.topics) }

    /// What the file says.
    package var configuration: BridgeConfiguration {
        _read { yield configurations[index] }
    }

    /// Whether what waits for the remote is forgotten with each connection.
    var isCleanHere: Bool { configuration.localCleansession ?? configuration.cleansession }

    /// Its subscriptions in this broker: what it has published itself does not come back, and RETAIN
    /// stays as it was published.
    func subscriptions(maximumQoS: UInt8) -> [SessionSubscription] {
        topics.local.map { topic in
            var options = SubscriptionOptions(rawValue: 0)
            options.isNoLocal = true
            options.isRetainAsPublished = true
            options.qualityOfService = min(topic.qos, maximumQoS)
            return SessionSubscription(text: topic.filter, options: options, identifier: 0)
        }
    }
}

extension BridgeConfiguration {
    /// The client's side of TLS; nil where nothing switches it on.
    fileprivate var clientOptions: TLSClientOptions? {
        guard tls.isSwitchedOn else { return nil }
        var options = TLSClientOptions()
        options.authorityFile = tls.cafile
        options.authorityDirectory = tls.capath
        options.usesSystemAuthorities = tls.useOsCerts
        options.certificateFile = tls.certfile
        options.keyFile = tls.keyfile
        options.ignoresHostName = tls.insecure
        options.requiresStatus = tls.requireOcsp
        options.applicationProtocol = tls.alpn
        options.requiresTLS13 = tls.version == "tlsv1.3"
        options.ciphers = tls.ciphers
        options.cipherSuites = tls.ciphersTls13
        if let identity = tls.identity, let digits = tls.psk {
            let key = Hexadecimal.decode(Array(digits.utf8), allowsOddCount: true)
            assert(key != nil, "the parser has looked at the digits")
            options.preSharedKey = TLSClientOptions.PreSharedKey(identity: identity, key: key ?? [])
        }
        return options
    }

    /// How one of the addresses is connected to.
    fileprivate func target(_ address: BridgeAddress, _ context: TLSContext?) -> OutgoingPlan {
        guard address.transport != .unix else {
            var plan = OutgoingPlan(to: .unix(path: address.path))
            plan.stepTimeout = stepTimeout
            return plan
        }
        assert(1...65_535 ~= address.port, "the parser has looked at ports")
        let port = UInt16(truncatingIfNeeded: address.port)
        var plan = OutgoingPlan(to: .host(address.host, port: port))
        plan.stepTimeout = stepTimeout
        plan.bindAddress = bindAddress
        plan.keepAlive = tcpKeepalive.map {
            OutgoingPlan.KeepAlive(idle: $0.idle, interval: $0.interval, count: $0.count)
        }
        plan.userTimeout = tcpUserTimeout
        switch address.transport {
        case .tcp: plan.tls = context
        case .webSocket: plan.webSocket = WebSocketTarget(path: address.path)
        case .secureWebSocket:
            assert(context != nil, "the parser refuses wss without an authority")
            plan.tls = context
            plan.webSocket = WebSocketTarget(path: address.path)
        case .unix: break
        }
        return plan
    }

    /// Milliseconds that each step to a connection may take: who waits longer for packets than this
    /// takes the remote for lost.
    private var stepTimeout: Int64 { Int64(keepaliveInterval) * 1000 }
}

extension ListenerTransports {
    /// Plans for all bridges of a configuration: the first thing that is wrong ends it.
    func bridgePlans(
        for configuration: Configuration
    ) throws(TransportSetupError) -> [BridgePlan] {
        var plans: [BridgePlan] = []
        var contexts: [BridgeTLSConfiguration: TLSContext] = [:]
        for index in configuration.bridges.indices {
            plans.append(try bridgePlan(index, configuration, &contexts))
        }
        return plans
    }

    /// Plans for all bridges whose files can be used; what is wrong with the others goes to `errors`.
    func bridgePlans(
        for configuration: Configuration,
        _ errors: inout [ConfigurationError]
    ) -> [BridgePlan] {
        var plans: [BridgePlan] = []
        var contexts: [BridgeTLSConfiguration: TLSContext] = [:]
        for index in configuration.bridges.indices {
            do throws(TransportSetupError) {
                plans.append(try bridgePlan(index, configuration, &contexts))
            } catch {
                errors.append(ConfigurationError(error.lines, exitCode: error.exitCode))
            }
        }
        return plans
    }

    private func bridgePlan(
        _ index: Int,
        _ configuration: Configuration,
        _ contexts: inout [BridgeTLSConfiguration: TLSContext]
    ) throws(TransportSetupError) -> BridgePlan {
        try BridgePlan(configuration.bridges, index, &contexts, pool: pool) { option in
            configuration.places.mention(option, in: .bridge(index))
        }
    }
}
