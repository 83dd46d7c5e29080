// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_extensions.h: why a plugin refuses.

import CMosquitto
import Core
import Log

/// Takes the reason of a refusal that is about to be returned.
@c(mosquitto_access_reason_set) @implementation
public func mosquitto_access_reason_set(
    _ identifier: OpaquePointer!,
    _ reason: UnsafePointer<CChar>!
) {
    guard let identifier: OpaquePointer = identifier,
        let reason: UnsafePointer<CChar> = reason,
        let plugin = CurrentHost.services?.plugin(identifier)
    else { return }
    Refusals.setReason(plugin, reason)
}

/// Whether a reason for refusing this kind of access would be read.
@c(mosquitto_access_reason_wanted) @implementation
public func mosquitto_access_reason_wanted(_ access: CInt) -> Bool {
    guard access != AccessKind.read.rawValue else { return false }
    return CurrentHost.services?.isLogged(.notice) ?? false
}
