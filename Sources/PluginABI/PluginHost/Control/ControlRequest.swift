// SPDX-License-Identifier: Apache-2.0
// JSON requests on `$CONTROL` topics: `{"commands":[…]}` in, `{"responses":[…]}` out.

import CMosquitto
import CcJSON
import CommonLibrary
import Core
import Glibc
import Log
import MQTT
import Results

/// A pointer to a cJSON tree as CcJSON knows it.
typealias JSON = UnsafeMutablePointer<cJSON>

/// One command out of a request.
struct ControlElement {
    /// The name; of a malformed one, what responses call it.
    let name: String
    /// The element of the request.
    let tree: JSON
    let correlationData: UnsafeMutablePointer<CChar>?
}

/// The walk through a request.
enum ControlRequest {
    private static let unknown = "Unknown command"

    /// Runs `body` for each command and publishes what it appended to the responses.
    static func run(
        _ payload: UnsafeRawBufferPointer,
        responseTopic: String,
        _ body: (_ command: ControlElement, _ responses: JSON) -> Void
    ) -> CInt {
        guard let tree = cJSON_CreateObject(), let responses = cJSON_CreateArray() else {
            return ResultCode.noMemory
        }
        cJSON_AddItemToObject(tree, "responses", responses)
        walk(payload, responses, body)
        send(tree, to: responseTopic)
        return ResultCode.success
    }

    private static func walk(
        _ payload: UnsafeRawBufferPointer,
        _ responses: JSON,
        _ body: (ControlElement, JSON) -> Void
    ) {
        let text = payload.bindMemory(to: CChar.self)
        guard let request = cJSON_ParseWithLength(text.baseAddress, text.count) else {
            return reply(responses, command: unknown, error: "Payload not valid JSON")
        }
        defer { cJSON_Delete(request) }
        guard let commands = cJSON_GetObjectItem(request, "commands"), cJSON_IsArray(commands) != 0
        else { return reply(responses, command: unknown, error: "Invalid/missing commands") }
        var next = commands.pointee.child
        while let element = next {
            next = element.pointee.next
            guard cJSON_IsObject(element) != 0 else {
                return reply(responses, command: unknown, error: "Command not an object")
            }
            guard let item = cJSON_GetObjectItem(element, "command"), cJSON_IsString(item) != 0,
                let name = item.pointee.valuestring
            else { return reply(responses, command: unknown, error: "Missing command") }
            let correlation = cJSON_GetObjectItem(element, "correlationData")
            if let correlation, cJSON_IsString(correlation) == 0 {
                return reply(
                    responses,
                    command: String(cString: name),
                    error: "Invalid correlationData data type."
                )
            }
            body(
                ControlElement(
                    name: String(cString: name),
                    tree: element,
                    correlationData: correlation?.pointee.valuestring
                ),
                responses
            )
        }
    }

    /// Appends one response.
    static func reply(
        _ responses: JSON,
        command: String,
        error: String? = nil,
        data: JSON? = nil,
        correlationData: UnsafePointer<CChar>? = nil
    ) {
        guard let response = cJSON_CreateObject() else {
            if let data { cJSON_Delete(data) }
            return
        }
        _ = cJSON_AddStringToObject(response, "command", command)
        if let error { _ = cJSON_AddStringToObject(response, "error", error) }
        if let data { cJSON_AddItemToObject(response, "data", data) }
        if let correlationData {
            _ = cJSON_AddStringToObject(response, "correlationData", correlationData)
        }
        cJSON_AddItemToArray(responses, response)
    }

    /// Publishes a tree as compact JSON and deletes it; on a topic that is none, it is only deleted.
    static func send(_ tree: JSON, to topic: String) {
        defer { cJSON_Delete(tree) }
        guard isValidTopicName(Array(topic.utf8)) else {
            CurrentHost.services?.logError(
                "Error: A plugin answers on an invalid topic: the answer is dropped."
            )
            return
        }
        guard let text = cJSON_PrintUnformatted(tree) else { return }
        defer { cJSON_free(text) }
        let payload = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
        guard payload.count <= VariableByteInteger.max else { return }
        CurrentHost.services?.publish(
            PluginPublication(
                topic: Array(topic.utf8),
                payload: payload,
                qos: 0,
                isRetained: false
            ),
            to: nil
        )
    }
}
