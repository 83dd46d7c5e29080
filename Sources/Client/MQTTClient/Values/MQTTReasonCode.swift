// SPDX-License-Identifier: Apache-2.0
// What a server says about what it was asked for.

package import MQTT
import Results

/// A reason code of MQTT 5.0 (section 2.4); codes of earlier versions are put in its terms.
public struct MQTTReasonCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The byte on the wire.
    public let rawValue: UInt8

    /// Makes a code from the byte on the wire.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    package init(_ code: ReasonCode) { rawValue = code.rawValue }

    /// Whether something was not done.
    public var isError: Bool { rawValue >= 0x80 }

    /// The code in words: `Not authorized`.
    public var description: String { "\(ReasonText.text(of: CInt(rawValue)))" }

    /// 0x00: done; also that QoS 0 was granted.
    public static let success = MQTTReasonCode(rawValue: 0x00)
    /// 0x01: QoS 1 was granted.
    public static let grantedQoS1 = MQTTReasonCode(rawValue: 0x01)
    /// 0x02: QoS 2 was granted.
    public static let grantedQoS2 = MQTTReasonCode(rawValue: 0x02)
    /// 0x04: the will is to be published all the same.
    public static let disconnectWithWill = MQTTReasonCode(rawValue: 0x04)
    /// 0x10: nobody is subscribed to the topic.
    public static let noMatchingSubscribers = MQTTReasonCode(rawValue: 0x10)
    /// 0x11: there was no such subscription.
    public static let noSubscriptionExisted = MQTTReasonCode(rawValue: 0x11)
    /// 0x80: no reason is given.
    public static let unspecifiedError = MQTTReasonCode(rawValue: 0x80)
    /// 0x82: a rule of the protocol was broken.
    public static let protocolError = MQTTReasonCode(rawValue: 0x82)
    /// 0x83: the server has reasons of its own.
    public static let implementationSpecificError = MQTTReasonCode(rawValue: 0x83)
    /// 0x84: the server does not speak this version.
    public static let unsupportedProtocolVersion = MQTTReasonCode(rawValue: 0x84)
    /// 0x85: the server does not take the client identifier.
    public static let clientIdentifierNotValid = MQTTReasonCode(rawValue: 0x85)
    /// 0x86: the server does not take user name and password.
    public static let badUserNameOrPassword = MQTTReasonCode(rawValue: 0x86)
    /// 0x87: the client may not do that.
    public static let notAuthorized = MQTTReasonCode(rawValue: 0x87)
    /// 0x88: the server is not to be had now.
    public static let serverUnavailable = MQTTReasonCode(rawValue: 0x88)
    /// 0x89: the server has too much to do.
    public static let serverBusy = MQTTReasonCode(rawValue: 0x89)
    /// 0x8A: the client is shut out.
    public static let banned = MQTTReasonCode(rawValue: 0x8A)
    /// 0x8B: the server is about to end.
    public static let serverShuttingDown = MQTTReasonCode(rawValue: 0x8B)
    /// 0x8C: the server does not know the authentication method.
    public static let badAuthenticationMethod = MQTTReasonCode(rawValue: 0x8C)
    /// 0x8E: somebody else has connected with the client identifier.
    public static let sessionTakenOver = MQTTReasonCode(rawValue: 0x8E)
    /// 0x8F: the server does not take the topic filter.
    public static let topicFilterInvalid = MQTTReasonCode(rawValue: 0x8F)
    /// 0x90: the server does not take the topic name.
    public static let topicNameInvalid = MQTTReasonCode(rawValue: 0x90)
    /// 0x95: the packet is larger than the server takes.
    public static let packetTooLarge = MQTTReasonCode(rawValue: 0x95)
    /// 0x97: a limit of the server is reached.
    public static let quotaExceeded = MQTTReasonCode(rawValue: 0x97)
    /// 0x99: the payload is not what its format indicator says.
    public static let payloadFormatInvalid = MQTTReasonCode(rawValue: 0x99)
    /// 0x9A: the server retains nothing.
    public static let retainNotSupported = MQTTReasonCode(rawValue: 0x9A)
    /// 0x9B: the server does not take this QoS.
    public static let qosNotSupported = MQTTReasonCode(rawValue: 0x9B)
    /// 0x9C: another server is to be used this time.
    public static let useAnotherServer = MQTTReasonCode(rawValue: 0x9C)
    /// 0x9D: another server is to be used from now on.
    public static let serverMoved = MQTTReasonCode(rawValue: 0x9D)
}
