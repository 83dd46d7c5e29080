// SPDX-License-Identifier: Apache-2.0
// The data of persistence events.

import CMosquitto
import CommonLibrary
import Core
import Inflight
import MQTT
import PropertyLists

extension ClientIdentity {
    /// Its client identifier as plugins see it; lives as long as the identity.
    fileprivate var identifierText: UnsafePointer<CChar>? {
        ClientRecord.unmanaged(ClientRecord.handle(of: self))
            ._withUnsafeGuaranteedRef { $0.identifier }
    }

    fileprivate var userNameText: UnsafeMutablePointer<CChar>? {
        ClientRecord.unmanaged(ClientRecord.handle(of: self))
            ._withUnsafeGuaranteedRef { $0.userName }
    }
}

extension PersistenceTeller {
    /// The record of a client, which is looked up once for all its steps in a row.
    @inline(__always)
    private func record(of client: Unmanaged<ClientIdentity>) -> Unmanaged<ClientRecord> {
        if client.toOpaque() == fields.pointee.lastClient, let record = fields.pointee.lastRecord {
            return record
        }
        let record = client._withUnsafeGuaranteedRef {
            ClientRecord.unmanaged(ClientRecord.handle(of: $0))
        }
        fields.pointee.lastClient = client.toOpaque()
        fields.pointee.lastRecord = record
        return record
    }

    /// Calls whoever has registered for an event, whose data are made for it.
    private func tell<Data>(
        _ event: PluginEvent,
        as number: PluginEvent? = nil,
        _ data: inout Data
    ) {
        withUnsafeMutableBytes(of: &data) { bytes in
            if let place = bytes.baseAddress { call(event, as: number, place) }
        }
    }

    // MARK: Messages

    /// A message is told of that is referred to for the first time.
    func tellMessage(_ step: ChangeStep) {
        guard isWanted(.persistBaseMsgAdd) else { return }
        let sourceIdentifier = step.delivery.sourceIdentifier
        step.withMessage { tellAdded($0, sourceIdentifier) }
    }

    private func tellAdded(_ publication: borrowing UnsafePublication, _ sourceIdentifier: UInt16) {
        let topic = publication.topic
        let payload = publication.payload
        text.begin(topic.count + payload.count + 2)
        let event = fields.pointee.messageEvent
        event.pointee.data.store_id = publication.number
        if publication.expiresAt != 0 {
            event.pointee.data.expiry_time = WallClock().storedExpiry(publication.expiresAt)
        }
        event.pointee.data.topic = text.string(topic)
        if !payload.isEmpty { event.pointee.data.payload = text.copy(payload) }
        event.pointee.data.payloadlen = UInt32(truncatingIfNeeded: payload.count)
        publication.uncountedOrigin?
            ._withUnsafeGuaranteedRef { origin in
                let record = ClientRecord.unmanaged(ClientRecord.handle(of: origin))
                record._withUnsafeGuaranteedRef { record in
                    let identifier = record.identifier
                    event.pointee.data.source_id = UnsafeMutablePointer(mutating: identifier)
                    event.pointee.data.source_username = record.userName
                }
                event.pointee.data.source_port = origin.storedListenerPort
            }
        event.pointee.data.source_mid = sourceIdentifier
        event.pointee.data.qos = publication.qos
        event.pointee.data.retain = publication.isRetained
        guard !publication.properties.isEmpty else { return call(.persistBaseMsgAdd, event) }
        var list = PropertyLists.list(publication.properties)
        event.pointee.data.properties = list
        call(.persistBaseMsgAdd, event)
        mosquitto_property_free_all(&list)
    }

    func tellBaseDeleted(_ number: MessageNumber) {
        let event = fields.pointee.messageEvent
        event.pointee.data.store_id = number
        call(.persistBaseMsgDelete, event)
    }

    /// A step of a message to or from a client.
    func tell(
        _ event: PluginEvent,
        _ step: ChangeStep,
        _ state: KeptState,
        _ isDuplicate: Bool
    ) {
        guard isWanted(event), let client = step.client else { return }
        let data = fields.pointee.deliveryEvent
        let record = record(of: client)
        data.pointee.data.clientid = record._withUnsafeGuaranteedRef { $0.identifier }
        data.pointee.data.cmsg_id = step.delivery.entry
        data.pointee.data.store_id = step.delivery.message
        data.pointee.data.subscription_identifier = step.delivery.subscriptionIdentifier
        data.pointee.data.mid = step.delivery.identifier
        data.pointee.data.qos = step.delivery.qos
        data.pointee.data.retain = step.delivery.isRetained
        data.pointee.data.dup = isDuplicate ? 1 : 0
        data.pointee.data.direction = step.delivery.isOutgoing ? 1 : 0
        data.pointee.data.state = state.rawValue
        call(event, data)
    }

    func tellRetained(_ step: ChangeStep) {
        guard isWanted(.persistRetainMsgSet) else { return }
        let number = step.delivery.message
        step.withMessage { tellRetained(.persistRetainMsgSet, $0.topic, number) }
    }

    func tellCleared(_ step: ChangeStep) {
        step.withMessage { tellRetained(.persistRetainMsgDelete, $0.topic, 0) }
    }

    func tellCleared(_ message: Message) {
        message.withPublication { tellRetained(.persistRetainMsgDelete, $0.topic, 0) }
    }

    private func tellRetained(
        _ event: PluginEvent,
        _ topic: UnsafeRawBufferPointer,
        _ number: MessageNumber
    ) {
        text.begin(topic.count + 1)
        var data = mosquitto_evt_persist_retain_msg()
        data.topic = UnsafePointer(text.string(topic))
        data.store_id = number
        tell(event, &data)
    }

    // MARK: Sessions

    func tell(_ event: PluginEvent, _ client: KeptClient) {
        guard isWanted(event) else { return }
        let method = client.identity.authenticationMethod.map { Array($0.utf8) } ?? []
        text.begin(method.count + 1)
        var data = mosquitto_evt_persist_client()
        data.data.clientid = UnsafeMutablePointer(mutating: client.identity.identifierText)
        data.data.username = client.identity.userNameText
        if !method.isEmpty { data.data.auth_method = method.withUnsafeBytes(text.string) }
        data.data.will_delay_time = Int(client.willDelayTime)
        data.data.session_expiry_time = Int(client.expiryTime)
        data.data.will_delay_interval = client.willDelayInterval
        data.data.session_expiry_interval = client.expiryInterval
        data.data.max_packet_size = client.packetSizeMax
        data.data.listener_port = client.identity.storedListenerPort
        data.data.max_qos = client.qosMax
        data.data.retain_available = client.isRetainAvailable
        tell(event, &data)
    }

    func tellDeleted(_ client: ClientIdentity) {
        var event = mosquitto_evt_persist_client()
        event.data.clientid = UnsafeMutablePointer(mutating: client.identifierText)
        tell(.persistClientDelete, &event)
    }

    func tell(
        _ event: PluginEvent,
        _ client: ClientIdentity,
        _ filter: [UInt8],
        _ options: UInt8,
        _ identifier: UInt32
    ) {
        guard isWanted(event) else { return }
        text.begin(filter.count + 1)
        var data = mosquitto_evt_persist_subscription()
        data.data.clientid = UnsafeMutablePointer(mutating: client.identifierText)
        data.data.topic_filter = filter.withUnsafeBytes(text.string)
        data.data.options = options
        data.data.identifier = identifier
        tell(event, &data)
    }

    // MARK: Wills

    func tell(_ client: ClientIdentity, _ will: Will) {
        guard isWanted(.persistWillAdd) else { return }
        text.begin(will.topic.count + will.payload.count + 2)
        var event = mosquitto_evt_persist_will_msg()
        event.data.clientid = client.identifierText
        event.data.topic = will.topic.withUnsafeBytes(text.string)
        if !will.payload.isEmpty { event.data.payload = will.payload.withUnsafeBytes(text.copy) }
        event.data.payloadlen = UInt32(will.payload.count)
        event.data.qos = will.qos
        event.data.retain = will.isRetained
        var list = will.forwardedProperties.withUnsafeBytes(PropertyLists.list)
        if let interval = will.messageExpiryInterval {
            _ = mosquitto_property_add_int32(
                &list,
                CInt(PropertyIdentifier.messageExpiryInterval.rawValue),
                interval
            )
        }
        event.data.properties = list
        tell(.persistWillAdd, &event)
        mosquitto_property_free_all(&list)
    }

    /// Announced by the number of WILL_ADD, as in the original.
    func tellWillDeleted(_ client: ClientIdentity) {
        var event = mosquitto_evt_persist_will_msg()
        event.data.clientid = client.identifierText
        tell(.persistWillDelete, as: .persistWillAdd, &event)
    }
}
