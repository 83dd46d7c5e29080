// SPDX-License-Identifier: Apache-2.0
// The broker's functions, found by name once: a plugin must load where only some of them exist.

internal import Glibc

/// A callback as the broker knows it: event number, event data, user data.
package typealias HostCallback =
    @convention(c) (CInt, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> CInt

/// A function every broker has is missing, so this process is not one.
package struct MissingFunction: Error {
    package let name: String
}

/// Pointers to the functions of the process that loaded the plugin.
///
/// Those of interface 2.0 are always there; later ones are optional. Nothing is linked, so that a plugin built
/// here loads into any broker, and into a test process.
package struct HostFunctions: Sendable {
    package typealias Text = UnsafePointer<CChar>
    package typealias List = UnsafeMutablePointer<OpaquePointer?>
    package typealias ClientText = @convention(c) (OpaquePointer?) -> Text?
    package typealias ClientNumber = @convention(c) (OpaquePointer?) -> CInt
    package typealias SetText = @convention(c) (OpaquePointer?, Text?) -> CInt
    package typealias Register =
        @convention(c) (
            OpaquePointer?, CInt, HostCallback?, UnsafeRawPointer?, UnsafeMutableRawPointer?
        ) -> CInt
    package typealias Unregister =
        @convention(c) (OpaquePointer?, CInt, HostCallback?, UnsafeRawPointer?) -> CInt
    package typealias Publish =
        @convention(c) (Text?, Text?, CInt, UnsafeRawPointer?, CInt, Bool, OpaquePointer?) -> CInt
    package typealias Visit =
        @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> CInt

    // Interface 2.0.
    let register: Register
    let unregister: Unregister
    let malloc: @convention(c) (Int) -> UnsafeMutableRawPointer?
    let free: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let logPrintf: VariadicLog.Function
    let clientAddress: ClientText
    let clientID: ClientText
    let clientUsername: ClientText
    let clientKeepAlive: ClientNumber
    let clientProtocol: ClientNumber
    let clientProtocolVersion: ClientNumber
    let clientSubscriptionCount: ClientNumber
    let clientCleanSession: @convention(c) (OpaquePointer?) -> Bool
    let clientCertificate: @convention(c) (OpaquePointer?) -> OpaquePointer?
    let setUsername: SetText
    let kickByClientID: @convention(c) (Text?, Bool) -> CInt
    let kickByUsername: @convention(c) (Text?, Bool) -> CInt
    let publishCopy: Publish
    let addByte: @convention(c) (List?, CInt, UInt8) -> CInt
    let addInt16: @convention(c) (List?, CInt, UInt16) -> CInt
    let addInt32: @convention(c) (List?, CInt, UInt32) -> CInt
    let addVarint: @convention(c) (List?, CInt, UInt32) -> CInt
    let addBinary: @convention(c) (List?, CInt, UnsafeRawPointer?, UInt16) -> CInt
    let addString: @convention(c) (List?, CInt, Text?) -> CInt
    let addStringPair: @convention(c) (List?, CInt, Text?, Text?) -> CInt
    let freeProperties: @convention(c) (List?) -> Void

    // Later interfaces.
    let setInfo: (@convention(c) (OpaquePointer?, Text?, Text?) -> CInt)?
    let client: (@convention(c) (Text?) -> OpaquePointer?)?
    let clientPort: ClientNumber?
    let setClientID: SetText?
    let applyOnAllClients: (@convention(c) (Visit?, UnsafeMutableRawPointer?) -> CInt)?
    let completeBasicAuth: (@convention(c) (Text?, CInt) -> Void)?
    let completeExtendedAuth: CompleteExtendedAuth?
    let clientTLSExporter: ClientBytes?
    let authTicket: (@convention(c) (OpaquePointer?) -> UInt64)?
    let isAuthAwaited: (@convention(c) (UInt64) -> Bool)?
    let completeAuth: (@convention(c) (UInt64, CInt, UnsafeMutableRawPointer?, UInt16) -> Void)?

    // For persistence plugins; the records behind the pointers are those of the C interface.
    let persistBaseMessageAdd: (@convention(c) (UnsafeMutableRawPointer?) -> CInt)?
    let persistRetainedSet: (@convention(c) (Text?, UInt64) -> CInt)?
    let persistClientAdd: (@convention(c) (UnsafeMutableRawPointer?) -> CInt)?
    let persistClientMessageAdd: (@convention(c) (UnsafeMutableRawPointer?) -> CInt)?
    let subscriptionAdd: (@convention(c) (UnsafeRawPointer?) -> CInt)?
    let clientWillSet: Publish?
    let persistenceLocation: (@convention(c) () -> Text?)?

    let setAccessReason: (@convention(c) (OpaquePointer?, Text?) -> Void)?
    let wantsAccessReason: (@convention(c) (CInt) -> Bool)?

    package typealias ClientBytes =
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<UInt8>?) -> CInt

    package typealias CompleteExtendedAuth =
        @convention(c) (Text?, CInt, UnsafeMutableRawPointer?, UInt16) -> Void

    /// Whether the broker speaks the interface of 2.1 or later.
    var isAtLeast2_1: Bool { setInfo != nil }

    /// Whether the broker's functions may be called from any thread.
    ///
    /// Brokers that promise it are told by a function only they have.
    var isCallableFromAnyThread: Bool { clientTLSExporter != nil }

    /// The functions of the process this code runs in.
    static let ofThisProcess: Result<HostFunctions, MissingFunction> = Result {
        () throws(MissingFunction) in
        try HostFunctions { name in dlsym(nil, name) }
    }

    /// Finds the functions with `lookUp`, which tests replace.
    package init(lookUp: (String) -> UnsafeMutableRawPointer?) throws(MissingFunction) {
        // Which type a function has is said where it is declared, once.
        func find<Function>(_ name: String) throws(MissingFunction) -> Function {
            guard let function: Function = findOptional(name) else {
                throw MissingFunction(name: "mosquitto_" + name)
            }
            return function
        }
        func findOptional<Function>(_ name: String) -> Function? {
            lookUp("mosquitto_" + name).map { unsafeBitCast($0, to: Function.self) }
        }
        register = try find("callback_register")
        unregister = try find("callback_unregister")
        malloc = try find("malloc")
        free = try find("free")
        logPrintf = try find("log_printf")
        clientAddress = try find("client_address")
        clientID = try find("client_id")
        clientUsername = try find("client_username")
        clientKeepAlive = try find("client_keepalive")
        clientProtocol = try find("client_protocol")
        clientProtocolVersion = try find("client_protocol_version")
        clientSubscriptionCount = try find("client_sub_count")
        clientCleanSession = try find("client_clean_session")
        clientCertificate = try find("client_certificate")
        setUsername = try find("set_username")
        kickByClientID = try find("kick_client_by_clientid")
        kickByUsername = try find("kick_client_by_username")
        publishCopy = try find("broker_publish_copy")
        addByte = try find("property_add_byte")
        addInt16 = try find("property_add_int16")
        addInt32 = try find("property_add_int32")
        addVarint = try find("property_add_varint")
        addBinary = try find("property_add_binary")
        addString = try find("property_add_string")
        addStringPair = try find("property_add_string_pair")
        freeProperties = try find("property_free_all")
        setInfo = findOptional("plugin_set_info")
        client = findOptional("client")
        clientPort = findOptional("client_port")
        setClientID = findOptional("set_clientid")
        applyOnAllClients = findOptional("apply_on_all_clients")
        completeBasicAuth = findOptional("complete_basic_auth")
        completeExtendedAuth = findOptional("complete_extended_auth")
        clientTLSExporter = findOptional("client_tls_exporter")
        authTicket = findOptional("client_auth_ticket")
        isAuthAwaited = findOptional("auth_is_awaited")
        completeAuth = findOptional("complete_auth")
        persistBaseMessageAdd = findOptional("persist_base_msg_add")
        persistRetainedSet = findOptional("persist_retain_msg_set")
        persistClientAdd = findOptional("persist_client_add")
        persistClientMessageAdd = findOptional("persist_client_msg_add")
        subscriptionAdd = findOptional("subscription_add")
        clientWillSet = findOptional("client_will_set")
        persistenceLocation = findOptional("persistence_location")
        setAccessReason = findOptional("access_reason_set")
        wantsAccessReason = findOptional("access_reason_wanted")
    }
}
