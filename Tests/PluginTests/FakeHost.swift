// SPDX-License-Identifier: Apache-2.0
// A broker's functions without a broker, for tests of the plugin kit.

import CMosquitto
import Glibc
import PluginSDK
import Synchronization

/// What the functions of the fake broker were asked for.
///
/// One test at a time uses it.
final class FakeHost: Sendable {
    struct Registered: @unchecked Sendable {
        let event: CInt
        let function: HostCallback
        let topic: String?
    }

    struct State: Sendable {
        var registered: [Registered] = []
        var registerResult: CInt = 0
        var published: [String] = []
        var completed: [String] = []
        var freed: [UInt] = []
    }

    static let state = Mutex(State())

    enum Kind: CaseIterable {
        /// The original 2.0.
        case v2_0
        /// The original 2.1.
        case v2_1
        /// The original after 2.1, as far as its source is public.
        case next
        /// This project's broker.
        case own
    }

    /// A broker of a kind, with nothing registered.
    static func broker(_ kind: Kind) throws -> Broker {
        state.withLock { $0 = State() }
        let functions = functions(kind)
        let host = try HostFunctions { functions[$0] }
        return Broker(host: host, identifier: nil, pluginName: "test")
    }

    /// The C function registered for an event, as a call.
    static func call<Event>(_ event: CInt, _ data: inout Event, at position: Int = 0) -> CInt? {
        let found = state.withLock { $0.registered.filter { $0.event == event } }
        guard found.indices.contains(position) else { return nil }
        return withUnsafeMutablePointer(to: &data) { found[position].function(event, $0, nil) }
    }

    private typealias Text = UnsafePointer<CChar>

    private static func functions(_ kind: Kind) -> [String: UnsafeMutableRawPointer] {
        var functions: [String: UnsafeMutableRawPointer] = [:]
        let unused: @convention(c) () -> CInt = { 0 }
        for name in [
            "log_printf", "client_address", "client_keepalive", "client_protocol",
            "client_protocol_version",
            "client_sub_count", "client_clean_session", "client_certificate", "set_username",
            "kick_client_by_clientid",
            "kick_client_by_username", "property_add_byte", "property_add_int16",
            "property_add_int32",
            "property_add_varint", "property_add_binary", "property_add_string",
            "property_free_all",
        ] {
            functions["mosquitto_" + name] = unsafeBitCast(unused, to: UnsafeMutableRawPointer.self)
        }
        addCore(&functions)
        if kind != .v2_0 {
            functions["mosquitto_plugin_set_info"] = functions["mosquitto_log_printf"]
        }
        if kind != .v2_0 {
            let complete: @convention(c) (Text?, CInt) -> Void = { id, code in
                FakeHost.state.withLock {
                    $0.completed.append("\(id.map { String(cString: $0) } ?? "") \(code)")
                }
            }
            functions["mosquitto_complete_basic_auth"] = unsafeBitCast(
                complete,
                to: UnsafeMutableRawPointer.self
            )
        }
        if kind == .own {
            functions["mosquitto_client_tls_exporter"] = functions["mosquitto_log_printf"]
        }
        if kind == .own || kind == .next {
            let complete: HostFunctions.CompleteExtendedAuth = { id, code, data, length in
                let text = String(
                    decoding: UnsafeRawBufferPointer(start: data, count: Int(length)),
                    as: UTF8.self
                )
                FakeHost.state.withLock {
                    $0.completed.append("\(id.map { String(cString: $0) } ?? "") \(code) \(text)")
                }
                Glibc.free(data)
            }
            functions["mosquitto_complete_extended_auth"] = unsafeBitCast(
                complete,
                to: UnsafeMutableRawPointer.self
            )
        }
        return functions
    }

    private typealias Functions = [String: UnsafeMutableRawPointer]

    private static func addCore(_ functions: inout Functions) {
        addRegistration(&functions)
        addMemory(&functions)
        addRequests(&functions)
    }

    private static func add<Function>(
        _ name: String,
        _ function: Function,
        to functions: inout Functions
    ) {
        functions["mosquitto_" + name] = unsafeBitCast(function, to: UnsafeMutableRawPointer.self)
    }

    private static func addRegistration(_ functions: inout Functions) {
        typealias Register =
            @convention(c) (
                OpaquePointer?, CInt, HostCallback?, UnsafeRawPointer?, UnsafeMutableRawPointer?
            ) -> CInt
        typealias Unregister =
            @convention(c) (OpaquePointer?, CInt, HostCallback?, UnsafeRawPointer?) -> CInt
        let register: Register = { _, event, function, data, _ in
            let topic = data.map { String(cString: $0.assumingMemoryBound(to: CChar.self)) }
            return FakeHost.state.withLock { state in
                if let function, state.registerResult == 0 {
                    state.registered.append(
                        Registered(event: event, function: function, topic: topic)
                    )
                }
                return state.registerResult
            }
        }
        let unregister: Unregister = { _, event, function, _ in
            let wanted = unsafeBitCast(function, to: Int.self)
            FakeHost.state.withLock { state in
                state.registered.removeAll {
                    $0.event == event && unsafeBitCast($0.function, to: Int.self) == wanted
                }
            }
            return 0
        }
        add("callback_register", register, to: &functions)
        add("callback_unregister", unregister, to: &functions)
    }

    private static func addMemory(_ functions: inout Functions) {
        let allocate: @convention(c) (Int) -> UnsafeMutableRawPointer? = { Glibc.malloc($0) }
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { pointer in
            FakeHost.state.withLock { $0.freed.append(UInt(bitPattern: pointer)) }
            Glibc.free(pointer)
        }
        typealias AddPair =
            @convention(c) (UnsafeMutablePointer<OpaquePointer?>?, CInt, Text?, Text?) -> CInt
        let addPair: AddPair = { list, _, _, _ in
            list?.pointee = OpaquePointer(bitPattern: 0x5AFE)
            return 0
        }
        add("malloc", allocate, to: &functions)
        add("free", release, to: &functions)
        add("property_add_string_pair", addPair, to: &functions)
    }

    private static func addRequests(_ functions: inout Functions) {
        // A client is a pointer to its name here.
        let clientID: @convention(c) (OpaquePointer?) -> Text? = { client in
            client.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) }
        }
        typealias Publish =
            @convention(c) (Text?, Text?, CInt, UnsafeRawPointer?, CInt, Bool, OpaquePointer?) ->
            CInt
        let publish: Publish = { client, topic, length, payload, qos, retain, _ in
            let text = UnsafeRawBufferPointer(start: payload, count: Int(length))
            let line = [
                client.map { String(cString: $0) } ?? "-",
                topic.map { String(cString: $0) } ?? "-",
                String(decoding: text, as: UTF8.self), "\(qos)", "\(retain)",
            ]
            FakeHost.state.withLock { $0.published.append(line.joined(separator: " ")) }
            return 0
        }
        add("client_id", clientID, to: &functions)
        add("client_username", clientID, to: &functions)
        add("broker_publish_copy", publish, to: &functions)
    }
}
