// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_control.h: help for plugins that answer JSON commands.

public import CMosquitto
public import CcJSON
import CommonLibrary
import Glibc
import Results

/// Serves a request: calls `cmd_cb` for each command and publishes the responses.
@c(mosquitto_control_generic_callback) @implementation
public func mosquitto_control_generic_callback(
    _ event_data: UnsafeMutablePointer<mosquitto_evt_control>!,
    _ response_topic: UnsafePointer<CChar>!,
    _ userdata: UnsafeMutableRawPointer!,
    _ cmd_cb: (
        @convention(c) (UnsafeMutablePointer<mosquitto_control_cmd>?, UnsafeMutableRawPointer?)
            -> CInt
    )!
) -> CInt {
    guard let event: UnsafeMutablePointer<mosquitto_evt_control> = event_data,
        let callback = cmd_cb, let topic: UnsafePointer<CChar> = response_topic
    else { return ResultCode.invalid }
    let payload = UnsafeRawBufferPointer(
        start: event.pointee.payload,
        count: event.pointee.payload == nil ? 0 : Int(event.pointee.payloadlen)
    )
    return ControlRequest.run(payload, responseTopic: String(cString: topic)) {
        command,
        responses in
        command.name.withCString { name in
            var data = mosquitto_control_cmd()
            data.client = event.pointee.client
            data.j_responses = responses
            data.j_command = command.tree
            data.correlation_data = command.correlationData
            data.command_name = name
            _ = callback(&data, userdata)
        }
    }
}

/// Appends the response to a command.
@c(mosquitto_control_command_reply) @implementation
public func mosquitto_control_command_reply(
    _ cmd: UnsafeMutablePointer<mosquitto_control_cmd>!,
    _ error: UnsafePointer<CChar>!
) {
    guard let cmd: UnsafeMutablePointer<mosquitto_control_cmd> = cmd,
        let responses = cmd.pointee.j_responses, let name = cmd.pointee.command_name
    else { return }
    let text: UnsafePointer<CChar>? = error
    ControlRequest.reply(
        responses,
        command: String(cString: name),
        error: text.map { String(cString: $0) },
        correlationData: UnsafePointer(cmd.pointee.correlation_data)
    )
}

/// Publishes a tree and deletes it.
@c(mosquitto_control_send_response) @implementation
public func mosquitto_control_send_response(
    _ tree: UnsafeMutablePointer<cJSON>!,
    _ topic: UnsafePointer<CChar>!
) {
    guard let tree: UnsafeMutablePointer<cJSON> = tree else { return }
    guard let topic: UnsafePointer<CChar> = topic else { return cJSON_Delete(tree) }
    ControlRequest.send(tree, to: String(cString: topic))
}
