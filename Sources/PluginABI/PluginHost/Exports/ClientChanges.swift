// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_client.h, second part: changing and disconnecting clients.

import CMosquitto
import CommonLibrary
import Core
import Glibc
import MQTT
import Results

/// Whether a C string is what MQTT allows in names, and no longer than MQTT can tell.
private func isName(_ text: UnsafePointer<CChar>) -> Bool {
    let bytes = bytes(of: text)
    return bytes.count <= stringLengthMax && isAcceptableUTF8(bytes)
}

/// Gives a client a user name, or takes it away.
@c(mosquitto_set_username) @implementation
public func mosquitto_set_username(
    _ client: OpaquePointer!,
    _ username: UnsafePointer<CChar>!
) -> CInt {
    guard let client: OpaquePointer = client else { return ResultCode.invalid }
    let record = ClientRecord.behind(client)
    guard let username: UnsafePointer<CChar> = username else {
        record.setUserName(nil)
        return ResultCode.success
    }
    guard isName(username) else { return ResultCode.malformedUTF8 }
    record.setUserName(String(cString: username))
    return ResultCode.success
}

/// Gives a client that is being authenticated another identifier.
@c(mosquitto_set_clientid) @implementation
public func mosquitto_set_clientid(
    _ client: OpaquePointer!,
    _ clientid: UnsafePointer<CChar>!
) -> CInt {
    // A session without identifier could not be found again.
    guard let client: OpaquePointer = client, let clientid: UnsafePointer<CChar> = clientid,
        clientid.pointee != 0, isName(clientid)
    else { return ResultCode.invalid }
    let record = ClientRecord.behind(client)
    return CurrentHost.services?.rename(record, to: String(cString: clientid))
        ?? ResultCode.notSupported
}

/// Disconnects one client, or all.
@c(mosquitto_kick_client_by_clientid) @implementation
public func mosquitto_kick_client_by_clientid(
    _ clientid: UnsafePointer<CChar>!,
    _ with_will: Bool
) -> CInt {
    guard let host = CurrentHost.services else { return ResultCode.notFound }
    guard let clientid: UnsafePointer<CChar> = clientid else {
        host.kickAll(publishesWill: with_will)
        return ResultCode.success
    }
    let name = String(cString: clientid)
    guard host.hasSession(name) else { return ResultCode.notFound }
    host.kick(name, publishesWill: with_will)
    return ResultCode.success
}

/// Disconnects all clients of a user, or those without user name.
@c(mosquitto_kick_client_by_username) @implementation
public func mosquitto_kick_client_by_username(
    _ username: UnsafePointer<CChar>!,
    _ with_will: Bool
) -> CInt {
    let given: UnsafePointer<CChar>? = username
    let name = given.map { String(cString: $0) }
    CurrentHost.services?.kickUser(name, publishesWill: with_will)
    return ResultCode.success
}

/// Answers a delayed basic authentication.
@c(mosquitto_complete_basic_auth) @implementation
public func mosquitto_complete_basic_auth(
    _ clientid: UnsafePointer<CChar>!,
    _ result: CInt
) {
    guard let clientid: UnsafePointer<CChar> = clientid else { return }
    CurrentHost.services?.completeBasic(String(cString: clientid), code: result)
}

/// Answers a delayed step of extended authentication; the data becomes the broker's.
@c(mosquitto_complete_extended_auth) @implementation
public func mosquitto_complete_extended_auth(
    _ clientid: UnsafePointer<CChar>!,
    _ result: CInt,
    _ data_out: UnsafeMutableRawPointer!,
    _ data_out_len: UInt16
) {
    let data: UnsafeMutableRawPointer? = data_out
    defer { free(data) }
    guard let clientid: UnsafePointer<CChar> = clientid else { return }
    CurrentHost.services?.completeExtended(
        String(cString: clientid),
        code: result,
        data: data.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(data_out_len))) }
    )
}

/// The number of the authentication whose callback runs.
@c(mosquitto_client_auth_ticket) @implementation
public func mosquitto_client_auth_ticket(_ client: OpaquePointer!) -> UInt64 {
    guard let client: OpaquePointer = client else { return 0 }
    return ClientRecord.behind(client).takeTicket()
}

/// Whether anybody waits for the answer to a ticket.
@c(mosquitto_auth_is_awaited) @implementation
public func mosquitto_auth_is_awaited(_ ticket: UInt64) -> Bool {
    CurrentHost.services?.isAwaited(ticket) ?? false
}

/// Answers a delayed authentication of either kind; the data becomes the broker's.
@c(mosquitto_complete_auth) @implementation
public func mosquitto_complete_auth(
    _ ticket: UInt64,
    _ result: CInt,
    _ data_out: UnsafeMutableRawPointer!,
    _ data_out_len: UInt16
) {
    let data: UnsafeMutableRawPointer? = data_out
    defer { free(data) }
    CurrentHost.services?.complete(
        ticket,
        code: result,
        data: data.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(data_out_len))) }
    )
}
