// SPDX-License-Identifier: Apache-2.0
// mosquitto/libmosquitto_callbacks.h: what a program wants to be told.

public import CMosquitto

/// Sets what is called before each attempt to connect.
@c(mosquitto_pre_connect_callback_set) @implementation
public func mosquitto_pre_connect_callback_set(
    _ mosq: OpaquePointer!,
    _ on_pre_connect: LIBMOSQ_CB_pre_connect!
) {
    ClientHandle.of(mosq)?.setCallback { $0.preConnect = on_pre_connect }
}

/// Sets what is called at CONNACK.
@c(mosquitto_connect_callback_set) @implementation
public func mosquitto_connect_callback_set(
    _ mosq: OpaquePointer!,
    _ on_connect: LIBMOSQ_CB_connect!
) {
    ClientHandle.of(mosq)?.setCallback { $0.connect = on_connect }
}

/// Sets what is called at CONNACK, with its flags.
@c(mosquitto_connect_with_flags_callback_set) @implementation
public func mosquitto_connect_with_flags_callback_set(
    _ mosq: OpaquePointer!,
    _ on_connect: LIBMOSQ_CB_connect_with_flags!
) {
    ClientHandle.of(mosq)?.setCallback { $0.connectWithFlags = on_connect }
}

/// Sets what is called at CONNACK, with its properties.
@c(mosquitto_connect_v5_callback_set) @implementation
public func mosquitto_connect_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_connect: LIBMOSQ_CB_connect_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.connectV5 = on_connect }
}

/// Sets what is called when a connection has ended.
@c(mosquitto_disconnect_callback_set) @implementation
public func mosquitto_disconnect_callback_set(
    _ mosq: OpaquePointer!,
    _ on_disconnect: LIBMOSQ_CB_disconnect!
) {
    ClientHandle.of(mosq)?.setCallback { $0.disconnect = on_disconnect }
}

/// Sets what is called when a connection has ended, with properties.
@c(mosquitto_disconnect_v5_callback_set) @implementation
public func mosquitto_disconnect_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_disconnect: LIBMOSQ_CB_disconnect_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.disconnectV5 = on_disconnect }
}

/// Sets what is called when a message is out.
@c(mosquitto_publish_callback_set) @implementation
public func mosquitto_publish_callback_set(
    _ mosq: OpaquePointer!,
    _ on_publish: LIBMOSQ_CB_publish!
) {
    ClientHandle.of(mosq)?.setCallback { $0.publish = on_publish }
}

/// Sets what is called when a message is out, with code and properties.
@c(mosquitto_publish_v5_callback_set) @implementation
public func mosquitto_publish_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_publish: LIBMOSQ_CB_publish_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.publishV5 = on_publish }
}

/// Sets what is called for each message.
@c(mosquitto_message_callback_set) @implementation
public func mosquitto_message_callback_set(
    _ mosq: OpaquePointer!,
    _ on_message: LIBMOSQ_CB_message!
) {
    ClientHandle.of(mosq)?.setCallback { $0.message = on_message }
}

/// Sets what is called for each message, with properties.
@c(mosquitto_message_v5_callback_set) @implementation
public func mosquitto_message_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_message: LIBMOSQ_CB_message_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.messageV5 = on_message }
}

/// Sets what is called at SUBACK.
@c(mosquitto_subscribe_callback_set) @implementation
public func mosquitto_subscribe_callback_set(
    _ mosq: OpaquePointer!,
    _ on_subscribe: LIBMOSQ_CB_subscribe!
) {
    ClientHandle.of(mosq)?.setCallback { $0.subscribe = on_subscribe }
}

/// Sets what is called at SUBACK, with properties.
@c(mosquitto_subscribe_v5_callback_set) @implementation
public func mosquitto_subscribe_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_subscribe: LIBMOSQ_CB_subscribe_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.subscribeV5 = on_subscribe }
}

/// Sets what is called at UNSUBACK.
@c(mosquitto_unsubscribe_callback_set) @implementation
public func mosquitto_unsubscribe_callback_set(
    _ mosq: OpaquePointer!,
    _ on_unsubscribe: LIBMOSQ_CB_unsubscribe!
) {
    ClientHandle.of(mosq)?.setCallback { $0.unsubscribe = on_unsubscribe }
}

/// Sets what is called at UNSUBACK, with properties.
@c(mosquitto_unsubscribe_v5_callback_set) @implementation
public func mosquitto_unsubscribe_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_unsubscribe: LIBMOSQ_CB_unsubscribe_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.unsubscribeV5 = on_unsubscribe }
}

/// Sets what is called at UNSUBACK, with codes and properties.
@c(mosquitto_unsubscribe2_v5_callback_set) @implementation
public func mosquitto_unsubscribe2_v5_callback_set(
    _ mosq: OpaquePointer!,
    _ on_unsubscribe: LIBMOSQ_CB_unsubscribe2_v5!
) {
    ClientHandle.of(mosq)?.setCallback { $0.unsubscribe2V5 = on_unsubscribe }
}

/// Sets what is called for a step of extended authentication.
@c(mosquitto_ext_auth_callback_set) @implementation
public func mosquitto_ext_auth_callback_set(
    _ mosq: OpaquePointer!,
    _ on_ext_auth: LIBMOSQ_CB_ext_auth!
) {
    ClientHandle.of(mosq)?.setCallback { $0.extendedAuthentication = on_ext_auth }
}

/// Sets what is called for each line of the log.
@c(mosquitto_log_callback_set) @implementation
public func mosquitto_log_callback_set(_ mosq: OpaquePointer!, _ on_log: LIBMOSQ_CB_log!) {
    ClientHandle.of(mosq)?.setCallback { $0.log = on_log }
}
