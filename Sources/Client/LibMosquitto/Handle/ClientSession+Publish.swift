// SPDX-License-Identifier: Apache-2.0
// Messages that a program publishes.

import CBrokerShims
import CMosquitto
import ClientMachine
import CommonLibrary
import Glibc
import MQTT
import MQTTClient
import Results
import TopicRules

/// The longest payload [MQTT-1.5.5-1].
let payloadLengthMax: CInt = 268_435_455

/// A message as a program hands it in; its pointers are the program's.
struct HandedMessage {
    /// Without the NUL byte behind it; nil for NULL.
    let topic: UnsafeRawBufferPointer?
    let payload: UnsafeRawPointer?
    /// Bytes of the payload, if it is not negative.
    let payloadLength: CInt
    /// 0 to 2.
    let qos: UInt8
    let isRetained: Bool
    let properties: OpaquePointer?
}

extension ClientSession {
    /// Publishes a message; `mid` is its packet identifier, nil for one that is wrong.
    func publish(_ message: HandedMessage) -> (code: CInt, mid: UInt16?) {
        if message.properties != nil, !settings.isV5 { return (ResultCode.notSupported, nil) }
        let driver: ClientDriver
        do throws(MQTTError) {
            driver = try ensureDriver()
        } catch {
            return (Outcome(error, wasOpen: false).code, nil)
        }
        guard message.qos <= driver.serverMaximumQoS else {
            return (ResultCode.qosNotSupported, nil)
        }
        let properties: [UInt8]
        switch PropertyArguments(message.properties, for: CMD_PUBLISH, isV5: settings.isV5) {
        case .wrong(let code): return (code, nil)
        case .encoded(let bytes): properties = bytes
        }
        let topic = message.topic ?? UnsafeRawBufferPointer(start: nil, count: 0)
        if let code = Self.refusal(of: message, driver) { return (code, nil) }
        let payload = UnsafeRawBufferPointer(
            start: message.payload,
            count: Int(message.payloadLength)
        )
        let count =
            2 + topic.count + payload.count + (message.qos > 0 ? 2 : 0)
            + (settings.isV5 ? VariableByteInteger.length(properties.count) + properties.count : 0)
        guard 1 + VariableByteInteger.length(count) + count <= driver.serverMaximumPacketSize else {
            return (ResultCode.oversizePacket, nil)
        }
        var mid: UInt16 = 0
        if message.qos == 0 {
            guard let taken = driver.takeIdentifier() else { return (ResultCode.quotaExceeded, 0) }
            guard !driver.isIdle else { return (ResultCode.notConnected, taken) }
            mid = taken
        }
        let outcome = driver.publish(
            topic: topic,
            payload: payload,
            qos: message.qos,
            isRetained: message.isRetained,
            properties: properties
        )
        return note(outcome, of: driver, mid, qos: message.qos)
    }

    /// What is wrong with a message; nil for nothing.
    private static func refusal(of message: HandedMessage, _ driver: ClientDriver) -> CInt? {
        let code = checkTopic(message, driver)
        if code == ResultCode.malformedUTF8 || message.topic?.isEmpty ?? true,
            code != ResultCode.success
        {
            return code
        }
        guard message.payloadLength >= 0, message.payloadLength <= payloadLengthMax else {
            return ResultCode.payloadSize
        }
        guard code == ResultCode.success else { return code }
        guard message.payloadLength == 0 || message.payload != nil else {
            return ResultCode.invalid
        }
        return nil
    }

    /// Whether messages may be published to a topic; empty where an alias stands for it.
    private static func checkTopic(_ message: HandedMessage, _ driver: ClientDriver) -> CInt {
        guard let topic = message.topic, !topic.isEmpty else {
            let hasAlias = PropertyList(message.properties).contains { node in
                node.pointee.identifier == CInt(MQTT_PROP_TOPIC_ALIAS.rawValue)
            }
            return hasAlias ? ResultCode.success : ResultCode.invalid
        }
        if driver.isLastTopic(topic) { return ResultCode.success }
        guard isAcceptableUTF8(topic) else { return ResultCode.malformedUTF8 }
        return TopicRules.isName(Span(_bytes: topic.bytes))
            ? ResultCode.success : ResultCode.invalid
    }

    /// Keeps in mind what is to be told of a message.
    private func note(
        _ outcome: PublishOutcome,
        of driver: ClientDriver,
        _ mid: UInt16,
        qos: UInt8
    ) -> (code: CInt, mid: UInt16?) {
        switch outcome {
        case .sent: passing.append(CInt(mid), end: driver.saidByteCount)
        case .accepted(let ticket, _) where qos == 0: waiting[ticket] = mid
        case .accepted(_, let identifier):
            return (driver.isIdle ? ResultCode.notConnected : ResultCode.success, identifier)
        case .full: return (ResultCode.quotaExceeded, mid)
        case .refused(let error): return (Outcome(error, wasOpen: true).code, mid)
        }
        return (ResultCode.success, mid)
    }
}
