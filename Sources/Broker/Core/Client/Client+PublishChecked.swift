// SPDX-License-Identifier: Apache-2.0
// PUBLISH from a client whose messages plugins have a say in.

import MQTT
import Net
import Results
import Topics

/// What of a PUBLISH packet is needed when the answer about it has come.
struct PublishReceipt {
    let qos: UInt8
    let packetIdentifier: UInt16
}

extension Client {
    /// Asks on the spot whether a topic may be published to.
    ///
    /// Returns false when the message was refused and answered.
    func isWriteAllowed(
        _ publish: PublishPacket,
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        _ body: UnsafeRawBufferPointer
    ) -> Bool {
        guard let identity else { return false }
        let code = withMounted(topic) { topic in
            worker.checkAccess(
                .write,
                identity,
                UnsafePublication(
                    topic: topic,
                    properties: UnsafeRawBufferPointer(rebasing: body[publish.properties]),
                    payload: payload,
                    qos: publish.qos,
                    isRetained: publish.isRetained,
                    origin: identity
                )
            )
        }
        if code == ResultCode.success { return true }
        counters.drop(.accessDenied)
        if code == ResultCode.accessDenied {
            logDenied(publish, topic, payload, worker.hooks?.takeDenial())
            refuse(publish, .notAuthorized)
        } else {
            finish(.plugin(code, worker.hooks))
        }
        return false
    }

    /// Lends a topic with the mount point in front.
    func withMounted<Result>(
        _ topic: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if listener.mountPoint.isEmpty { return body(topic) }
        return (listener.mountPoint + Array(topic)).withUnsafeBytes(body)
    }

    /// Leaves the decision about a message to plugins; goes on when it has come.
    ///
    /// Messages of one client are decided in order.
    func askAbout(_ message: Message, _ receipt: PublishReceipt, _ events: HookEvents) {
        guard let identity, let handle = session?.handle else { return }
        undecidedCount += 1
        _ = worker.ask(
            .publish(
                identity,
                message,
                checksAccess: events.contains(.access),
                isFiltered: events.contains(.messageIn)
            )
        ) { [self] answer in
            undecidedCount -= 1
            if case .publish(let decision, let denial) = answer {
                conclude(decision, denial, message, receipt, publisher: handle)
            }
            goOnAfterDecision()
        }
    }

    private func conclude(
        _ decision: PublishDecision,
        _ denial: Denial?,
        _ message: Message,
        _ receipt: PublishReceipt,
        publisher: SessionHandle
    ) {
        worker.count(decision, for: listener)
        switch decision {
        case .refused(let reason):
            counters.drop(reason == .notAuthorized ? .accessDenied : .plugin)
            message.withPublication { logDenied(topic: $0.topic, denial) }
            // What was accepted before is answered before [MQTT-4.6.0-2].
            worker.deliverCollected()
            refuse(receipt, reason)
            endIfOutputIsFull()
        case .disconnect(let code):
            counters.drop(.plugin)
            finish(.plugin(code, worker.hooks))
        case .accepted(let replacement):
            let message = replacement ?? message
            if receipt.qos == 2 {
                do throws(PacketError) {
                    try keep(message, receipt)
                } catch {
                    fail(error, in: .publish)
                }
                return
            }
            publish(message, receipt, publisher)
        }
    }

    /// A client that goes on publishing what it may not, and does not read the answers, is closed,
    /// as by the original: answers that are dropped would keep it waiting for ever.
    func endIfOutputIsFull() {
        if isOutputFull {
            finish(ClientEnd(text: "quota exceeded", code: CInt(ReasonCode.quotaExceeded.rawValue)))
        }
    }

    /// Whether the client does not read what it is sent.
    var isOutputFull: Bool { connection != nil && !mayWritePacket() }
}

extension ClientEnd {
    /// A plugin has ended the connection with a `MOSQ_ERR_*`, which is also what `DISCONNECT` tells
    /// other plugins as the reason (docs/plugin-events.md).
    static func plugin(_ code: Int32, _ hooks: (any Hooks)?) -> ClientEnd {
        let reason: ReasonCode? =
            switch code {
            case ResultCode.protocolError, ResultCode.duplicateProperty: .protocolError
            case ResultCode.malformedPacket: .malformedPacket
            case ResultCode.qosNotSupported: .qosNotSupported
            case ResultCode.retainNotSupported: .retainNotSupported
            case ResultCode.topicAliasInvalid: .topicAliasInvalid
            case ResultCode.receiveMaximumExceeded: .receiveMaximumExceeded
            case ResultCode.unknown, ResultCode.noMemory: .unspecifiedError
            default: nil
            }
        let known = text(of: code)
        var end = ClientEnd(
            text: known ?? "internal error",
            disconnectReason: reason,
            code: code
        )
        if known == nil, let text = hooks?.text(of: code) {
            end.textWithoutStop = "bad socket read/write: \(text)"
        }
        return end
    }

    /// Codes whose lines have words of their own.
    private static func text(of code: Int32) -> String? {
        switch code {
        case ResultCode.quotaExceeded: "quota exceeded"
        case ResultCode.noMemory: "out of memory"
        case ResultCode.protocolError: "protocol error"
        case ResultCode.connectionLost: "connection closed by client"
        case ResultCode.payloadSize: "oversize payload"
        case ResultCode.notAuthorized: "not authorised"
        case ResultCode.keepAlive: "exceeded timeout"
        case ResultCode.malformedPacket: "malformed packet"
        case ResultCode.oversizePacket: "oversize packet"
        case ResultCode.implementationSpecific: "implementation specific error"
        case ResultCode.clientIdentifierNotValid: "client identifier not valid"
        case ResultCode.badUserNameOrPassword: "bad username or password"
        case ResultCode.serverUnavailable: "server unavailable"
        case ResultCode.serverBusy: "server busy"
        case ResultCode.banned: "client banned"
        case ResultCode.badAuthenticationMethod: "bad authentication method"
        case ResultCode.sessionTakenOver: "session taken over"
        case ResultCode.receiveMaximumExceeded: "receive maximum exceeded"
        case ResultCode.topicAliasInvalid: "topic alias invalid"
        case ResultCode.administrativeAction: "administrative action"
        case ResultCode.connectionRateExceeded: "connection rate exceeded"
        default: nil
        }
    }
}
