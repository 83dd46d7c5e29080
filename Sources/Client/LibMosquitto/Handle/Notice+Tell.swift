// SPDX-License-Identifier: Apache-2.0
// Calling a program's functions.

import CMosquitto
import Results

extension Notice {
    /// Calls the functions that want to know, oldest form first.
    ///
    /// Returns what the program says of a step of extended authentication, else 0.
    func tell(
        _ callbacks: ClientCallbacks,
        _ handle: OpaquePointer,
        _ object: UnsafeMutableRawPointer?
    ) -> CInt {
        switch self {
        case .connected(let code, let flags, let properties):
            callbacks.connect?(handle, object, code)
            callbacks.connectWithFlags?(handle, object, code, flags)
            callbacks.connectV5?(handle, object, code, flags, properties)
        case .disconnected(let code, let properties):
            callbacks.disconnect?(handle, object, code)
            callbacks.disconnectV5?(handle, object, code, properties)
        case .published(let mid, let code, let properties):
            callbacks.publish?(handle, object, mid)
            callbacks.publishV5?(handle, object, mid, code, properties)
        case .message(let message, let properties):
            callbacks.message?(handle, object, message)
            callbacks.messageV5?(handle, object, message, properties)
        case .subscribed(let mid, let codes, let properties):
            codes.withUnsafeBufferPointer { codes in
                let count = CInt(codes.count)
                callbacks.subscribe?(handle, object, mid, count, codes.baseAddress)
                callbacks.subscribeV5?(handle, object, mid, count, codes.baseAddress, properties)
            }
        case .unsubscribed(let mid, let codes, let properties):
            callbacks.unsubscribe?(handle, object, mid)
            callbacks.unsubscribeV5?(handle, object, mid, properties)
            codes.withUnsafeBufferPointer { buffer in
                callbacks.unsubscribe2V5?(
                    handle,
                    object,
                    mid,
                    CInt(buffer.count),
                    buffer.isEmpty ? nil : buffer.baseAddress,
                    properties
                )
            }
        case .challenged(let method, let data, let properties):
            guard let ask = callbacks.extendedAuthentication else {
                return ResultCode.notAuthorized
            }
            return data.withUnsafeBytes { data in
                ask(
                    handle,
                    object,
                    method,
                    UInt16(clamping: data.count),
                    data.isEmpty ? nil : data.baseAddress,
                    properties
                )
            }
        case .log(let level, let text): callbacks.log?(handle, object, level, text)
        }
        return ResultCode.success
    }
}
