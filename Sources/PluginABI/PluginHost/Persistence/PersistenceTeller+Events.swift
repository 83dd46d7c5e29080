// SPDX-License-Identifier: Apache-2.0
// The data of persistence events.

import CMosquitto
import CommonLibrary
import Core
import Inflight
import MQTT

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
    // MARK: Messages

    func tellAdded(_ message: Message, _ sourceIdentifier: UInt16) {
        guard isWanted(.persistBaseMsgAdd) else { return }
        message.withPublication { publication in
            text.begin(publication.topic.count + publication.payload.count + 2)
            var event = mosquitto_evt_persist_base_msg()
            event.data.store_id = publication.number
            if publication.expiresAt != 0 {
                event.data.expiry_time = WallClock().storedExpiry(publication.expiresAt)
            }
            event.data.topic = text.string(publication.topic)
            if !publication.payload.isEmpty { event.data.payload = text.copy(publication.payload) }
            event.data.payloadlen = UInt32(publication.payload.count)
            if let origin = publication.origin {
                event.data.source_id = UnsafeMutablePointer(mutating: origin.identifierText)
                event.data.source_username = origin.userNameText
                event.data.source_port = origin.storedListenerPort
            }
            event.data.source_mid = sourceIdentifier
            event.data.qos = publication.qos
            event.data.retain = publication.isRetained
            var list = PropertyBridge.list(publication.properties)
            event.data.properties = list
            call(.persistBaseMsgAdd, &event)
            mosquitto_property_free_all(&list)
        }
    }

    func tellBaseDeleted(_ number: MessageNumber) {
        var event = mosquitto_evt_persist_base_msg()
        event.data.store_id = number
        call(.persistBaseMsgDelete, &event)
    }

    func tell(_ event: PluginEvent, _ client: ClientIdentity, _ kept: KeptDelivery) {
        guard isWanted(event) else { return }
        delivery.data.clientid = client.identifierText
        delivery.data.cmsg_id = kept.entry
        delivery.data.store_id = kept.message
        delivery.data.subscription_identifier = kept.subscriptionIdentifier
        delivery.data.mid = kept.identifier
        delivery.data.qos = kept.qos
        delivery.data.retain = kept.isRetained
        delivery.data.dup = kept.isDuplicate ? 1 : 0
        delivery.data.direction = kept.isOutgoing ? 1 : 0
        delivery.data.state = kept.state.rawValue
        call(event, &delivery)
    }

    func tellRetained(_ message: Message) {
        guard isWanted(.persistRetainMsgSet) else { return }
        message.withPublication { publication in
            text.begin(publication.topic.count + 1)
            var event = mosquitto_evt_persist_retain_msg()
            event.topic = UnsafePointer(text.string(publication.topic))
            event.store_id = publication.number
            call(.persistRetainMsgSet, &event)
        }
    }

    func tellCleared(_ message: Message) {
        message.withPublication { publication in
            text.begin(publication.topic.count + 1)
            var event = mosquitto_evt_persist_retain_msg()
            event.topic = UnsafePointer(text.string(publication.topic))
            call(.persistRetainMsgDelete, &event)
        }
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
        call(event, &data)
    }

    func tellDeleted(_ client: ClientIdentity) {
        var event = mosquitto_evt_persist_client()
        event.data.clientid = UnsafeMutablePointer(mutating: client.identifierText)
        call(.persistClientDelete, &event)
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
        call(event, &data)
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
        var list = will.forwardedProperties.withUnsafeBytes(PropertyBridge.list)
        if let interval = will.messageExpiryInterval {
            _ = mosquitto_property_add_int32(
                &list,
                CInt(PropertyIdentifier.messageExpiryInterval.rawValue),
                interval
            )
        }
        event.data.properties = list
        call(.persistWillAdd, &event)
        mosquitto_property_free_all(&list)
    }

    /// Announced by the number of WILL_ADD, as in the original.
    func tellWillDeleted(_ client: ClientIdentity) {
        var event = mosquitto_evt_persist_will_msg()
        event.data.clientid = client.identifierText
        call(.persistWillDelete, as: .persistWillAdd, &event)
    }
}
