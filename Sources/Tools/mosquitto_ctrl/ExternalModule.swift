// SPDX-License-Identifier: Apache-2.0
// Modules of others, in shared libraries of their own.

import CControlModule
import Glibc
import MQTT
import MQTTClient
import ToolSupport

/// A module in a shared library called `mosquitto_ctrl_NAME.so`.
struct ExternalModule {
    private typealias Main =
        @convention(c) (
            CInt,
            UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
            UnsafeMutablePointer<mosq_ctrl>?
        ) -> CInt

    private static let timeout = Duration.seconds(10)

    private let main: Main

    /// Looks for the library where the system looks for libraries; nil when there is none.
    ///
    /// It is never unloaded.
    init?(name: String) {
        guard !name.contains("/"),
            let library = dlopen("mosquitto_ctrl_\(name).so", RTLD_NOW),
            let symbol = dlsym(library, "ctrl_main")
        else { return nil }
        main = unsafeBitCast(symbol, to: Main.self)
    }

    /// Lets the module make its request, sends it and hands the answer back.
    func run(_ options: ConnectionOptions, _ words: [String]) throws(ToolFailure) {
        var strings = CStrings()
        defer { strings.free() }
        var control = mosq_ctrl()
        control.cfg = strings.configuration(options)
        defer {
            for string in [control.request_topic, control.response_topic, control.payload] {
                Glibc.free(string)
            }
        }
        var arguments = words.map { strings.copy($0) } + [nil]
        let status = main(CInt(words.count), &arguments, &control)
        guard status >= 0 else { return }
        guard status == 0 else {
            let code = ErrorCode(rawValue: status) ?? .unknown
            throw ToolFailure("Error: \(code.text).", status: status)
        }
        guard let request = control.request_topic, let response = control.response_topic,
            let payload = control.payload
        else { throw ToolFailure("Error: Invalid input.", .invalidInput) }
        OneShot.warn(options)
        let answer = try OneShot.exchange(
            Array(String(cString: payload).utf8),
            ControlTopics(
                request: String(cString: request),
                response: String(cString: response)
            ),
            options,
            Deadline(in: Self.timeout)
        )
        answer.withUnsafeBytes { control.payload_callback?(&control, $0.count, $0.baseAddress) }
    }
}

/// Copies of strings for C, freed together.
private struct CStrings {
    private var copies: [UnsafeMutablePointer<CChar>?] = []

    mutating func copy(_ text: String?) -> UnsafeMutablePointer<CChar>? {
        guard let text else { return nil }
        copies.append(strdup(text))
        return copies.last ?? nil
    }

    mutating func free() {
        for copy in copies { Glibc.free(copy) }
        copies = []
    }

    /// The options in the layout modules know.
    mutating func configuration(_ options: ConnectionOptions) -> mosq_config {
        var configuration = mosq_config()
        configuration.id = copy(options.clientID)
        configuration.protocol_version = CInt(options.version.rawValue)
        configuration.keepalive = 60
        configuration.host = copy(options.unixSocket ?? options.host ?? "localhost")
        configuration.port = options.unixSocket == nil ? CInt(options.effectivePort) : 0
        configuration.qos = CInt(options.qos)
        configuration.bind_address = copy(options.bindAddress)
        configuration.debug = options.isDebug
        configuration.quiet = options.isQuiet
        configuration.username = copy(options.username)
        configuration.password = copy(options.password)
        configuration.options_file = copy(options.optionsFile)
        configuration.verbose = options.isVerbose
        configuration.timeout = 10
        configuration.data_file = copy(options.dataFile)
        addSecurity(of: options, to: &configuration)
        return configuration
    }

    private mutating func addSecurity(
        of options: ConnectionOptions,
        to configuration: inout mosq_config
    ) {
        configuration.cafile = copy(options.caFile)
        configuration.capath = copy(options.caPath)
        configuration.certfile = copy(options.certificateFile)
        configuration.keyfile = copy(options.keyFile)
        configuration.ciphers = copy(options.ciphers)
        configuration.insecure = options.isInsecure
        configuration.tls_alpn = copy(options.tlsALPN)
        configuration.tls_version = copy(options.tlsVersion)
        configuration.tls_engine = copy(options.tlsEngine)
        configuration.tls_engine_kpass_sha1 = copy(options.tlsEnginePassword)
        configuration.tls_use_os_certs = options.usesSystemCertificates
        configuration.keyform = copy(options.keyForm)
        configuration.psk = copy(options.psk)
        configuration.psk_identity = copy(options.pskIdentity)
        guard let proxy = options.proxy else { return }
        configuration.socks5_host = copy(proxy.host)
        configuration.socks5_port = CInt(proxy.port)
        configuration.socks5_username = copy(proxy.username)
        configuration.socks5_password = copy(proxy.password)
    }
}
