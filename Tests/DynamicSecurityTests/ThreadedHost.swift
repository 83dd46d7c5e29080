// SPDX-License-Identifier: Apache-2.0
// The functions of a broker that allows calls from any thread, without the broker.

import CMosquitto
import Foundation
import Glibc
import PluginSDK
import Synchronization

/// Collects what the plugin asks of the broker.
///
/// One test at a time uses it.
enum ThreadedHost {
    private struct State: Sendable {
        var callbacks: [CInt: Int] = [:]
        var requests: [String] = []
    }

    private static let state = Mutex(State())
    private static let arrived = DispatchSemaphore(value: 0)

    private typealias Text = UnsafePointer<CChar>
    private typealias Callback =
        @convention(c) (CInt, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> CInt

    /// A broker with nothing registered.
    static func broker() throws -> PluginSDK.Broker {
        state.withLock { $0 = State() }
        let functions = functions()
        let host = try HostFunctions { functions[$0] }
        return PluginSDK.Broker(host: host, identifier: nil, pluginName: "test")
    }

    /// Delivers an event to the plugin.
    static func call<Event>(_ number: CInt, _ event: inout Event) -> CInt? {
        guard let address = state.withLock({ $0.callbacks[number] }) else { return nil }
        let callback = unsafeBitCast(address, to: Callback.self)
        return withUnsafeMutablePointer(to: &event) { callback(number, $0, nil) }
    }

    /// Waits until the plugin has asked for something that begins like this, and returns it.
    static func request(_ start: String) -> String? {
        while true {
            let found = state.withLock { state -> String? in
                guard let index = state.requests.firstIndex(where: { $0.hasPrefix(start) }) else {
                    return nil
                }
                return state.requests.remove(at: index)
            }
            if let found { return found }
            guard arrived.wait(timeout: .now() + 10) == .success else { return nil }
        }
    }

    private static func note(_ request: String) {
        state.withLock { $0.requests.append(request) }
        arrived.signal()
    }

    private static func text(_ text: Text?) -> String { text.map { String(cString: $0) } ?? "-" }

    private static func functions() -> [String: UnsafeMutableRawPointer] {
        var functions: [String: UnsafeMutableRawPointer] = [:]
        func add<Function>(_ name: String, _ function: Function) {
            functions["mosquitto_" + name] = unsafeBitCast(
                function,
                to: UnsafeMutableRawPointer.self
            )
        }
        let unused: @convention(c) () -> CInt = { 0 }
        for name in [
            "log_printf", "client_address", "client_keepalive", "client_protocol",
            "client_protocol_version",
            "client_sub_count", "client_clean_session", "client_certificate", "set_username",
            "property_add_byte", "property_add_int16", "property_add_int32", "property_add_varint",
            "property_add_binary", "property_add_string", "property_add_string_pair",
            "property_free_all",
            "plugin_set_info", "callback_unregister", "client_tls_exporter",
        ] { add(name, unused) }
        let allocate: @convention(c) (Int) -> UnsafeMutableRawPointer? = { malloc($0) }
        add("malloc", allocate)
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { free($0) }
        add("free", release)
        // A client is a pointer to its name here, which is its identifier and user name.
        let name: @convention(c) (OpaquePointer?) -> Text? = { client in
            client.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) }
        }
        add("client_id", name)
        add("client_username", name)
        addRequests(&functions)
        return functions
    }

    private static func addRequests(_ functions: inout [String: UnsafeMutableRawPointer]) {
        func add<Function>(_ name: String, _ function: Function) {
            functions["mosquitto_" + name] = unsafeBitCast(
                function,
                to: UnsafeMutableRawPointer.self
            )
        }
        let register:
            @convention(c) (
                OpaquePointer?, CInt, UnsafeMutableRawPointer?, UnsafeRawPointer?,
                UnsafeMutableRawPointer?
            ) -> CInt = { _, event, function, _, _ in
                let address = Int(bitPattern: function)
                ThreadedHost.state.withLock { $0.callbacks[event] = address }
                return 0
            }
        add("callback_register", register)
        let publish:
            @convention(c) (Text?, Text?, CInt, UnsafeRawPointer?, CInt, Bool, OpaquePointer?) ->
                CInt = {
                    _,
                    topic,
                    length,
                    payload,
                    _,
                    _,
                    _ in
                    let payload = UnsafeRawBufferPointer(start: payload, count: Int(length))
                    let text = String(decoding: payload, as: UTF8.self)
                    ThreadedHost.note("publish \(ThreadedHost.text(topic)) \(text)")
                    return 0
                }
        add("broker_publish_copy", publish)
        let kickID: @convention(c) (Text?, Bool) -> CInt = { id, withWill in
            ThreadedHost.note("kick id \(ThreadedHost.text(id)) \(withWill)")
            return 0
        }
        add("kick_client_by_clientid", kickID)
        let kickName: @convention(c) (Text?, Bool) -> CInt = { name, withWill in
            ThreadedHost.note("kick user \(ThreadedHost.text(name)) \(withWill)")
            return 0
        }
        add("kick_client_by_username", kickName)
        let complete: @convention(c) (Text?, CInt) -> Void = { id, code in
            ThreadedHost.note("complete \(ThreadedHost.text(id)) \(code)")
        }
        add("complete_basic_auth", complete)
    }
}
