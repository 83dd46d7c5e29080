// SPDX-License-Identifier: Apache-2.0
// Plugins of interface versions 4, 3 and 2 in the shape of callbacks of version 5.

import CMosquitto
import CommonLibrary
import Core
import Glibc
import Log
import Results

/// A plugin of interface version 4, 3 or 2.
///
/// `@unchecked Sendable`: everything is constant but what is written while the plugin is initialised,
/// before anything else can be called; callbacks run on the plugin thread alone.
final class LegacyPlugin: @unchecked Sendable {
    typealias Options = PluginInterface.Options
    typealias Raw = UnsafeMutableRawPointer
    typealias Text = UnsafePointer<CChar>
    typealias Init = @convention(c) (UnsafeMutablePointer<Raw?>?, Options, CInt) -> CInt
    typealias Cleanup = @convention(c) (Raw?, Options, CInt) -> CInt
    typealias Security = @convention(c) (Raw?, Options, CInt, Bool) -> CInt
    typealias Access =
        @convention(c) (Raw?, CInt, OpaquePointer?, UnsafePointer<mosquitto_acl_msg>?) -> CInt
    typealias AccessV2 = @convention(c) (Raw?, Text?, Text?, Text?, CInt) -> CInt
    typealias Password = @convention(c) (Raw?, OpaquePointer?, Text?, Text?) -> CInt
    typealias PasswordV2 = @convention(c) (Raw?, Text?, Text?) -> CInt
    typealias Key =
        @convention(c) (Raw?, OpaquePointer?, Text?, Text?, UnsafeMutablePointer<CChar>?, CInt)
        -> CInt
    typealias KeyV2 =
        @convention(c) (Raw?, Text?, Text?, UnsafeMutablePointer<CChar>?, CInt) -> CInt
    typealias Start =
        @convention(c) (
            Raw?, OpaquePointer?, Text?, Bool, UnsafeRawPointer?, UInt16,
            UnsafeMutablePointer<Raw?>?, UnsafeMutablePointer<UInt16>?
        ) -> CInt
    typealias Continue =
        @convention(c) (
            Raw?, OpaquePointer?, Text?, UnsafeRawPointer?, UInt16,
            UnsafeMutablePointer<Raw?>?, UnsafeMutablePointer<UInt16>?
        ) -> CInt

    /// 4, 3 or 2.
    let version: CInt
    let deniesSpecialCharacters: Bool
    let initialise: Init
    let cleanUp: Cleanup
    let securityInit: Security
    let securityCleanup: Security
    let library: PluginLibrary
    let access: Access?
    let accessV2: AccessV2?
    let password: Password?
    let passwordV2: PasswordV2?
    let key: Key?
    let keyV2: KeyV2?
    let start: Start?
    let proceed: Continue?
    /// What the plugin stored when it was initialised.
    var userData: Raw?
    /// Whether its security was begun and is to be ended.
    var hasSecurity = false
    /// Its options, for the wrappers.
    var options: OptionArray?

    init(
        _ library: PluginLibrary,
        version: CInt,
        deniesSpecialCharacters: Bool
    ) throws(PluginInterface.Refusal) {
        func need<Function>(
            _ name: StaticString,
            _ type: Function.Type
        ) throws(PluginInterface.Refusal) -> Function {
            guard let function = library.symbol(name, as: type) else {
                throw PluginInterface.missing(name)
            }
            return function
        }
        self.version = version
        self.deniesSpecialCharacters = deniesSpecialCharacters
        self.library = library
        initialise = try need("mosquitto_auth_plugin_init", Init.self)
        cleanUp = try need("mosquitto_auth_plugin_cleanup", Cleanup.self)
        securityInit = try need("mosquitto_auth_security_init", Security.self)
        securityCleanup = try need("mosquitto_auth_security_cleanup", Security.self)
        if version == 2 {
            access = nil
            accessV2 = try need("mosquitto_auth_acl_check", AccessV2.self)
            password = nil
            passwordV2 = try need("mosquitto_auth_unpwd_check", PasswordV2.self)
            key = nil
            keyV2 = try need("mosquitto_auth_psk_key_get", KeyV2.self)
        } else {
            access = try need("mosquitto_auth_acl_check", Access.self)
            accessV2 = nil
            passwordV2 = nil
            keyV2 = nil
            if version == 3 {
                password = try need("mosquitto_auth_unpwd_check", Password.self)
                key = try need("mosquitto_auth_psk_key_get", Key.self)
            } else {
                password = library.symbol("mosquitto_auth_unpwd_check", as: Password.self)
                key = library.symbol("mosquitto_auth_psk_key_get", as: Key.self)
            }
        }
        start = version == 4 ? library.symbol("mosquitto_auth_start", as: Start.self) : nil
        proceed = version == 4 ? library.symbol("mosquitto_auth_continue", as: Continue.self) : nil
        if start != nil, proceed == nil {
            throw PluginInterface.Refusal(
                line: "Error: Plugin has missing mosquitto_auth_continue() function."
            )
        }
    }

    /// The lines a plugin of version 4 is announced with.
    var abilities: [String] {
        guard version == 4 else { return [] }
        func state(_ isThere: Bool) -> String { isThere ? "enabled" : "not enabled" }
        return [
            " ├── Username/password checking \(state(password != nil)).",
            " ├── TLS-PSK checking \(state(key != nil)).",
            " └── Extended authentication \(state(start != nil)).",
        ]
    }

    /// The callbacks to register, in order.
    var callbacks: [(PluginEvent, Callback.Function)] {
        var result: [(PluginEvent, Callback.Function)] = [(.reload, Wrappers.reload)]
        if password != nil || passwordV2 != nil { result.append((.basicAuth, Wrappers.basicAuth)) }
        result.append((.aclCheck, Wrappers.aclCheck))
        if start != nil { result.append((.extAuthStart, Wrappers.start)) }
        if proceed != nil { result.append((.extAuthContinue, Wrappers.proceed)) }
        if key != nil || keyV2 != nil { result.append((.pskKey, Wrappers.pskKey)) }
        return result
    }

    // MARK: Access

    /// Whether a name could be mistaken for a part of a filter.
    private func isDangerous(_ name: Text?) -> Bool {
        guard let name else { return false }
        return strpbrk(name, "+#/") != nil
    }

    private func logDenial(_ what: String, _ name: Text) {
        CurrentHost.services?.log(
            .notice,
            "ACL denying access to client with dangerous \(what) \"" + String(cString: name) + "\""
        )
    }

    func check(_ data: mosquitto_evt_acl_check) -> CInt {
        let subscribing =
            version == 2
            ? [AccessKind.subscribe, .unsubscribe].map(\.rawValue)
            : [AccessKind.unsubscribe].map(\.rawValue)
        let client = data.client.map { ClientRecord.behind($0) }
        if deniesSpecialCharacters {
            if let name = client?.userName, isDangerous(name) {
                logDenial("username", name)
                return ResultCode.accessDenied
            }
            if let name = client?.identifier, isDangerous(name) {
                logDenial("client id", name)
                return ResultCode.accessDenied
            }
        }
        if subscribing.contains(data.access) { return ResultCode.success }
        if let accessV2 {
            return accessV2(
                userData,
                client?.identifier,
                UnsafePointer(client?.userName),
                data.topic,
                data.access
            )
        }
        var message = mosquitto_acl_msg()
        message.topic = data.topic
        message.payload = data.payload
        message.payloadlen = Int(data.payloadlen)
        message.qos = CInt(data.qos)
        message.retain = data.retain
        return access?(userData, data.access, data.client, &message)
            ?? ResultCode.pluginDefer
    }

    func check(_ data: mosquitto_evt_basic_auth) -> CInt {
        if let passwordV2 {
            return Self.decided(
                passwordV2(userData, UnsafePointer(data.username), UnsafePointer(data.password))
            )
        }
        return Self.decided(
            password?(
                userData,
                data.client,
                UnsafePointer(data.username),
                UnsafePointer(data.password)
            ) ?? ResultCode.pluginDefer
        )
    }

    /// These versions know no late answers, so nothing would ever come after `MOSQ_ERR_AUTH_DELAYED`: it
    /// is an unknown result to them.
    fileprivate static func decided(_ code: CInt) -> CInt {
        code == ResultCode.authDelayed ? ResultCode.unknown : code
    }

    func findKey(_ data: mosquitto_evt_psk_key) -> CInt {
        if let keyV2 {
            return keyV2(userData, data.hint, data.identity, data.key, data.max_key_len)
        }
        return key?(userData, data.client, data.hint, data.identity, data.key, data.max_key_len)
            ?? ResultCode.pluginDefer
    }

    // MARK: Life

    /// Ends what the plugin decides by and begins it anew.
    func reload() -> CInt {
        guard let options else { return ResultCode.success }
        let code = securityCleanup(userData, options.start, options.count, true)
        if code != 0 { return code }
        return securityInit(userData, options.start, options.count, true)
    }
}

/// Callbacks of version 5 whose user data is a `LegacyPlugin`.
private enum Wrappers {
    private static func plugin(_ userData: UnsafeMutableRawPointer?) -> LegacyPlugin? {
        userData.map { Unmanaged<LegacyPlugin>.fromOpaque($0).takeUnretainedValue() }
    }

    static let reload: Callback.Function = { _, _, userData in
        plugin(userData)?.reload() ?? ResultCode.invalid
    }

    static let basicAuth: Callback.Function = { _, data, userData in
        guard let data = data?.assumingMemoryBound(to: mosquitto_evt_basic_auth.self) else {
            return ResultCode.invalid
        }
        return plugin(userData)?.check(data.pointee) ?? ResultCode.invalid
    }

    static let aclCheck: Callback.Function = { _, data, userData in
        guard let data = data?.assumingMemoryBound(to: mosquitto_evt_acl_check.self) else {
            return ResultCode.invalid
        }
        return plugin(userData)?.check(data.pointee) ?? ResultCode.invalid
    }

    static let pskKey: Callback.Function = { _, data, userData in
        guard let data = data?.assumingMemoryBound(to: mosquitto_evt_psk_key.self) else {
            return ResultCode.invalid
        }
        return plugin(userData)?.findKey(data.pointee) ?? ResultCode.invalid
    }

    static let start: Callback.Function = { _, data, userData in
        guard let data = data?.assumingMemoryBound(to: mosquitto_evt_extended_auth.self),
            let plugin = plugin(userData), let start = plugin.start
        else { return ResultCode.invalid }
        let isAgain = data.pointee.client.map { ClientRecord.behind($0).isAuthenticatingAgain }
        return LegacyPlugin.decided(
            start(
                plugin.userData,
                data.pointee.client,
                data.pointee.auth_method,
                isAgain ?? false,
                data.pointee.data_in,
                data.pointee.data_in_len,
                &data.pointee.data_out,
                &data.pointee.data_out_len
            )
        )
    }

    static let proceed: Callback.Function = { _, data, userData in
        guard let data = data?.assumingMemoryBound(to: mosquitto_evt_extended_auth.self),
            let plugin = plugin(userData), let proceed = plugin.proceed
        else { return ResultCode.invalid }
        return LegacyPlugin.decided(
            proceed(
                plugin.userData,
                data.pointee.client,
                data.pointee.auth_method,
                data.pointee.data_in,
                data.pointee.data_in_len,
                &data.pointee.data_out,
                &data.pointee.data_out_len
            )
        )
    }
}
