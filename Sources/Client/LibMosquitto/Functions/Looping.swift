// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_loop.h: who moves the packets.

import CMosquitto
import Glibc
import Results

/// Waits for something to do, and does it.
@c(mosquitto_loop) @implementation
public func mosquitto_loop(
    _ mosq: OpaquePointer!,
    _ timeout: CInt,
    _ max_packets: CInt
) -> CInt {
    guard let handle = ClientHandle.of(mosq), max_packets >= 1 else { return ResultCode.invalid }
    return handle.loop(milliseconds: timeout < 0 ? 1000 : Int64(timeout)).result()
}

/// Runs until the program wishes the end.
@c(mosquitto_loop_forever) @implementation
public func mosquitto_loop_forever(
    _ mosq: OpaquePointer!,
    _ timeout: CInt,
    _ max_packets: CInt
) -> CInt {
    guard let handle = ClientHandle.of(mosq), max_packets >= 1 else { return ResultCode.invalid }
    return handle.loopForever(milliseconds: timeout < 0 ? 1000 : Int64(timeout)).result()
}

/// Starts a thread that runs the handle.
@c(mosquitto_loop_start) @implementation
public func mosquitto_loop_start(_ mosq: OpaquePointer!) -> CInt {
    ClientHandle.of(mosq)?.startThread() ?? ResultCode.invalid
}

/// Ends that thread; `force` makes no difference, it always ends at once.
@c(mosquitto_loop_stop) @implementation
public func mosquitto_loop_stop(_ mosq: OpaquePointer!, _ force: Bool) -> CInt {
    ClientHandle.of(mosq)?.stopThread() ?? ResultCode.invalid
}

/// Reads what there is.
@c(mosquitto_loop_read) @implementation
public func mosquitto_loop_read(_ mosq: OpaquePointer!, _ max_packets: CInt) -> CInt {
    step(mosq, max_packets)
}

/// Writes what there is.
@c(mosquitto_loop_write) @implementation
public func mosquitto_loop_write(_ mosq: OpaquePointer!, _ max_packets: CInt) -> CInt {
    step(mosq, max_packets)
}

/// Does what is due.
@c(mosquitto_loop_misc) @implementation
public func mosquitto_loop_misc(_ mosq: OpaquePointer!) -> CInt { step(mosq, 1) }

/// One turn: what the three pieces do separately elsewhere belongs together here.
private func step(_ mosq: OpaquePointer?, _ packets: CInt) -> CInt {
    guard let handle = ClientHandle.of(mosq), packets >= 1 else { return ResultCode.invalid }
    guard handle.locked({ $0.hasWork }) else {
        return ResultCode.notConnected
    }
    return handle.turn().result()
}

/// The socket; -1 for none.
@c(mosquitto_socket) @implementation
public func mosquitto_socket(_ mosq: OpaquePointer!) -> CInt {
    ClientHandle.of(mosq)?.locked { $0.descriptor } ?? -1
}

/// Whether something waits for the socket, or the program.
@c(mosquitto_want_write) @implementation
public func mosquitto_want_write(_ mosq: OpaquePointer!) -> Bool {
    ClientHandle.of(mosq)?.locked { $0.hasUnwritten || $0.nextDeadline == 0 } ?? false
}

/// Says whether another thread runs the loop.
@c(mosquitto_threaded_set) @implementation
public func mosquitto_threaded_set(_ mosq: OpaquePointer!, _ threaded: Bool) -> CInt {
    guard let handle = ClientHandle.of(mosq) else { return ResultCode.invalid }
    handle.locked { $0.isThreaded = threaded }
    return ResultCode.success
}
