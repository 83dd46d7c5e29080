// SPDX-License-Identifier: Apache-2.0
// What the database has is given back.

import PluginSDK

extension PersistSQLite {
    /// How many rows of a kind were given back.
    private struct Count {
        var good = 0
        var failed = 0

        mutating func note(_ body: () throws(BrokerError) -> Void) {
            do throws(BrokerError) {
                try body()
                good += 1
            } catch {
                failed += 1
            }
        }
    }

    /// Gives everything back, what others refer to first.
    func restore(
        _ event: borrowing PersistRestoreEvent,
        from database: StateDatabase
    ) throws(SQLiteError) {
        let connection = database.connection
        report("base messages", try restoreMessages(event, connection))
        report("retained messages", try restoreRetained(event, connection))
        report("clients", try restoreClients(event, connection))
        report("subscriptions", try restoreSubscriptions(event, connection))
        report("client messages", try restoreDeliveries(event, connection))
        report("will messages", try restoreWills(event, connection, database))
    }

    private func report(_ kind: String, _ count: Count) {
        broker.log(.info, "sqlite: Restored \(count.good) \(kind) (\(count.failed) failed)")
    }

    private func properties(_ text: [UInt8]?) -> [Property] {
        guard let text else { return [] }
        let (properties, skipped) = PropertyText.decode(text)
        if skipped > 0 {
            broker.log(
                .warning,
                "Sqlite persistence: Skipped \(skipped) properties that mean nothing."
            )
        }
        return properties
    }

    private func restoreMessages(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare(
            """
            SELECT store_id, expiry_time, topic, payload, source_id, source_username, payloadlen, source_mid,
            source_port, qos, retain, properties FROM base_msgs
            """
        )
        var count = Count()
        while try rows.step() {
            var message = StoredMessage(storeID: rows.number(0), topic: rows.bytes(2) ?? [])
            message.expiryTime = rows.integer(1)
            message.payload = Self.payload(rows.blob(3), count: rows.integer(6))
            message.sourceID = rows.text(4)
            message.sourceUsername = rows.text(5)
            message.sourceIdentifier = UInt16(truncatingIfNeeded: rows.integer(7))
            message.sourcePort = UInt16(truncatingIfNeeded: rows.integer(8))
            message.qos = UInt8(truncatingIfNeeded: rows.integer(9))
            message.retain = rows.integer(10) != 0
            message.properties = properties(rows.bytes(11))
            count.note { () throws(BrokerError) in try event.add(message) }
        }
        return count
    }

    /// Its length says what a payload is.
    private static func payload(_ bytes: [UInt8], count: Int64) -> [UInt8] {
        guard count >= 0, count < bytes.count else { return bytes }
        return Array(bytes.prefix(Int(count)))
    }

    private func restoreRetained(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare("SELECT topic, store_id FROM retains ORDER BY topic")
        var count = Count()
        while try rows.step() {
            let topic = rows.bytes(0) ?? []
            let storeID = rows.number(1)
            count.note { () throws(BrokerError) in
                try event.setRetained(topic: topic, storeID: storeID)
            }
        }
        return count
    }

    private func restoreClients(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare(
            """
            SELECT client_id, username, will_delay_time, session_expiry_time, listener_port, max_packet_size,
            max_qos, retain_available, session_expiry_interval, will_delay_interval FROM clients
            """
        )
        var count = Count()
        while try rows.step() {
            var client = StoredClient(clientID: rows.text(0) ?? "")
            client.username = rows.text(1)
            client.willDelayTime = rows.integer(2)
            client.expiryTime = rows.integer(3)
            client.listenerPort = UInt16(truncatingIfNeeded: rows.integer(4))
            client.maximumPacketSize = rows.word(5)
            client.maximumQoS = UInt8(truncatingIfNeeded: rows.integer(6))
            client.isRetainAvailable = rows.integer(7) != 0
            client.expiryInterval = rows.word(8)
            client.willDelayInterval = rows.word(9)
            count.note { () throws(BrokerError) in try event.add(client) }
        }
        return count
    }

    private func restoreSubscriptions(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare(
            """
            SELECT client_id, topic, subscription_options, subscription_identifier FROM subscriptions
            """
        )
        var count = Count()
        while try rows.step() {
            let clientID = rows.text(0) ?? ""
            let filter = rows.bytes(1) ?? []
            let options = UInt8(truncatingIfNeeded: rows.integer(2))
            let identifier = rows.word(3)
            count.note { () throws(BrokerError) in
                try event.addSubscription(
                    clientID: clientID,
                    filter: filter,
                    options: options,
                    identifier: identifier
                )
            }
        }
        return count
    }

    private func restoreDeliveries(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare(
            """
            SELECT client_id, cmsg_id, store_id, dup, direction, mid, qos, retain, state, subscription_identifier
            FROM client_msgs ORDER BY rowid
            """
        )
        var count = Count()
        while try rows.step() {
            var delivery = StoredDelivery(clientID: rows.text(0) ?? "", storeID: rows.number(2))
            delivery.entryID = rows.number(1)
            delivery.isDuplicate = rows.integer(3) != 0
            delivery.isOutgoing = rows.integer(4) != 0
            delivery.identifier = UInt16(truncatingIfNeeded: rows.integer(5))
            delivery.qos = UInt8(truncatingIfNeeded: rows.integer(6))
            delivery.retain = rows.integer(7) != 0
            delivery.state = UInt8(truncatingIfNeeded: rows.integer(8))
            delivery.subscriptionIdentifier = rows.word(9)
            count.note { () throws(BrokerError) in try event.add(delivery) }
        }
        return count
    }

    /// The will of who had no session, or was connected when the database was left, is published now.
    private func restoreWills(
        _ event: borrowing PersistRestoreEvent,
        _ connection: SQLiteConnection,
        _ database: StateDatabase
    ) throws(SQLiteError) -> Count {
        let rows = try connection.prepare(
            """
            SELECT wills.client_id, payload, topic, payloadlen, qos, retain, properties, clients.client_id,
            session_expiry_time, will_delay_interval FROM wills LEFT JOIN clients USING (client_id)
            """
        )
        var count = Count()
        var passing: [[UInt8]] = []
        while try rows.step() {
            var will = StoredWill(clientID: rows.text(0) ?? "", topic: rows.bytes(2) ?? [])
            will.payload = Self.payload(rows.blob(1), count: rows.integer(3))
            will.qos = UInt8(truncatingIfNeeded: rows.integer(4))
            will.retain = rows.integer(5) != 0
            will.properties = properties(rows.bytes(6))
            let isKnown = !rows.isNull(7)
            let isDue = !isKnown || rows.integer(8) == 0 && rows.integer(9) == 0
            if !isKnown { passing.append(rows.bytes(0) ?? []) }
            count.note { () throws(BrokerError) in
                if isKnown { try event.setWill(will) }
                if isDue { try publish(will) }
            }
        }
        for clientID in passing {
            database.noteChange()
            try database.deleteWill(clientID.span)
        }
        return count
    }

    private func publish(_ will: StoredWill) throws(BrokerError) {
        try broker.publish(
            topic: String(decoding: will.topic, as: UTF8.self),
            payload: will.payload,
            qos: QoS(rawValue: will.qos) ?? .atMostOnce,
            retain: will.retain,
            properties: will.properties
        )
    }
}
