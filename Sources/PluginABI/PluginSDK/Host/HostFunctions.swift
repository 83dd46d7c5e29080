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

    package typealias CompleteExtendedAuth =
        @convention(c) (Text?, CInt, UnsafeRawPointer?, UInt16) -> CInt

    /// Whether the broker speaks the interface of 2.1 or later.
    var isAtLeast2_1: Bool { setInfo != nil }

    /// Whether the broker's functions may be called from any thread.
    ///
    /// Delayed answers to enhanced authentication exist only in brokers that promise it.
    var isCallableFromAnyThread: Bool { completeExtendedAuth != nil }

    /// The functions of the process this code runs in.
    static let ofThisProcess: Result<HostFunctions, MissingFunction> = Result {
        () throws(MissingFunction) in
        try HostFunctions { name in dlsym(nil, name) }
    }

    /// Finds the functions with `lookUp`, which tests replace.
    package init(lookUp: (String) -> UnsafeMutableRawPointer?) throws(MissingFunction) {
        func find<Function>(
            _ name: String,
            as type: Function.Type
        ) throws(MissingFunction)
            -> Function
        {
            guard let pointer = lookUp("mosquitto_" + name) else {
                throw MissingFunction(name: "mosquitto_" + name)
            }
            return unsafeBitCast(pointer, to: type)
        }
        func findOptional<Function>(_ name: String, as type: Function.Type) -> Function? {
            lookUp("mosquitto_" + name).map { unsafeBitCast($0, to: type) }
        }
        register = try find("callback_register", as: Register.self)
        unregister = try find("callback_unregister", as: Unregister.self)
        malloc = try find("malloc", as: (@convention(c) (Int) -> UnsafeMutableRawPointer?).self)
        free = try find("free", as: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
        logPrintf = try find("log_printf", as: VariadicLog.Function.self)
        clientAddress = try find("client_address", as: ClientText.self)
        clientID = try find("client_id", as: ClientText.self)
        clientUsername = try find("client_username", as: ClientText.self)
        clientKeepAlive = try find("client_keepalive", as: ClientNumber.self)
        clientProtocol = try find("client_protocol", as: ClientNumber.self)
        clientProtocolVersion = try find("client_protocol_version", as: ClientNumber.self)
        clientSubscriptionCount = try find("client_sub_count", as: ClientNumber.self)
        clientCleanSession = try find(
            "client_clean_session",
            as: (@convention(c) (OpaquePointer?) -> Bool).self
        )
        clientCertificate = try find(
            "client_certificate",
            as: (@convention(c) (OpaquePointer?) -> OpaquePointer?).self
        )
        setUsername = try find("set_username", as: SetText.self)
        typealias Kick = @convention(c) (Text?, Bool) -> CInt
        kickByClientID = try find("kick_client_by_clientid", as: Kick.self)
        kickByUsername = try find("kick_client_by_username", as: Kick.self)
        publishCopy = try find("broker_publish_copy", as: Publish.self)
        addByte = try find(
            "property_add_byte",
            as: (@convention(c) (List?, CInt, UInt8) -> CInt).self
        )
        addInt16 = try find(
            "property_add_int16",
            as: (@convention(c) (List?, CInt, UInt16) -> CInt).self
        )
        addInt32 = try find(
            "property_add_int32",
            as: (@convention(c) (List?, CInt, UInt32) -> CInt).self
        )
        addVarint = try find(
            "property_add_varint",
            as: (@convention(c) (List?, CInt, UInt32) -> CInt).self
        )
        addBinary = try find(
            "property_add_binary",
            as: (@convention(c) (List?, CInt, UnsafeRawPointer?, UInt16) -> CInt).self
        )
        addString = try find(
            "property_add_string",
            as: (@convention(c) (List?, CInt, Text?) -> CInt).self
        )
        addStringPair = try find(
            "property_add_string_pair",
            as: (@convention(c) (List?, CInt, Text?, Text?) -> CInt).self
        )
        freeProperties = try find("property_free_all", as: (@convention(c) (List?) -> Void).self)
        setInfo = findOptional(
            "plugin_set_info",
            as: (@convention(c) (OpaquePointer?, Text?, Text?) -> CInt).self
        )
        client = findOptional("client", as: (@convention(c) (Text?) -> OpaquePointer?).self)
        clientPort = findOptional("client_port", as: ClientNumber.self)
        setClientID = findOptional("set_clientid", as: SetText.self)
        applyOnAllClients = findOptional(
            "apply_on_all_clients",
            as: (@convention(c) (Visit?, UnsafeMutableRawPointer?) -> CInt).self
        )
        completeBasicAuth = findOptional(
            "complete_basic_auth",
            as: (@convention(c) (Text?, CInt) -> Void).self
        )
        completeExtendedAuth = findOptional("complete_extended_auth", as: CompleteExtendedAuth.self)
    }
}
