// SPDX-License-Identifier: Apache-2.0
// The statements of the events.

/// What is done at each event, prepared once.
struct StateStatements {
    let addMessage: SQLiteStatement
    let deleteMessage: SQLiteStatement
    let setRetained: SQLiteStatement
    let deleteRetained: SQLiteStatement
    let addClient: SQLiteStatement
    let updateClient: SQLiteStatement
    let deleteClient: [SQLiteStatement]
    let addSubscription: SQLiteStatement
    let deleteSubscription: SQLiteStatement
    let addDelivery: SQLiteStatement
    let updateDelivery: SQLiteStatement
    let deleteDelivery: SQLiteStatement
    let addWill: SQLiteStatement
    let deleteWill: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(SQLiteError) {
        addMessage = try connection.prepare(
            """
            INSERT INTO base_msgs(store_id, expiry_time, topic, payload, source_id, source_username, payloadlen,
            source_mid, source_port, qos, retain, properties) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)
            """
        )
        deleteMessage = try connection.prepare("DELETE FROM base_msgs WHERE store_id=?1")
        setRetained = try connection.prepare(
            "INSERT OR REPLACE INTO retains(topic, store_id) VALUES(?1,?2)"
        )
        deleteRetained = try connection.prepare("DELETE FROM retains WHERE topic=?1")
        addClient = try connection.prepare(
            """
            INSERT OR REPLACE INTO clients(client_id, username, connection_time, will_delay_time, session_expiry_time,
            listener_port, max_packet_size, max_qos, retain_available, session_expiry_interval, will_delay_interval)
            VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
            """
        )
        updateClient = try connection.prepare(
            """
            UPDATE clients SET session_expiry_time=?1, will_delay_time=?2, session_expiry_interval=?3,
            will_delay_interval=?4 WHERE client_id=?5
            """
        )
        // Its own messages but those that others wait for, or that are retained.
        let texts = [
            "DELETE FROM subscriptions WHERE client_id=?1",
            """
            DELETE FROM base_msgs WHERE store_id IN (SELECT store_id FROM client_msgs WHERE client_id=?1)
            AND NOT EXISTS (SELECT 1 FROM client_msgs m WHERE m.store_id=base_msgs.store_id AND m.client_id<>?1)
            AND NOT EXISTS (SELECT 1 FROM retains r WHERE r.store_id=base_msgs.store_id)
            """,
            "DELETE FROM client_msgs WHERE client_id=?1", "DELETE FROM clients WHERE client_id=?1",
        ]
        var statements: [SQLiteStatement] = []
        for text in texts { statements.append(try connection.prepare(text)) }
        deleteClient = statements
        addSubscription = try connection.prepare(
            """
            INSERT OR REPLACE INTO subscriptions(client_id, topic, subscription_options, subscription_identifier)
            VALUES(?1,?2,?3,?4)
            """
        )
        deleteSubscription = try connection.prepare(
            "DELETE FROM subscriptions WHERE client_id=?1 AND topic=?2"
        )
        addDelivery = try connection.prepare(
            """
            INSERT INTO client_msgs(client_id, cmsg_id, store_id, dup, direction, mid, qos, retain, state,
            subscription_identifier) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
            """
        )
        // A session may have a message twice; entries of early files have no number.
        let entry =
            "client_id=?1 AND store_id=?2 AND direction=?3 AND (direction=0 OR cmsg_id IS NULL OR cmsg_id=?4)"
        updateDelivery = try connection.prepare(
            "UPDATE client_msgs SET state=?5, dup=?6, mid=?7 WHERE \(entry)"
        )
        deleteDelivery = try connection.prepare("DELETE FROM client_msgs WHERE \(entry)")
        addWill = try connection.prepare(
            """
            INSERT OR REPLACE INTO wills(client_id, payload, topic, payloadlen, qos, retain, properties)
            VALUES(?1,?2,?3,?4,?5,?6,?7)
            """
        )
        deleteWill = try connection.prepare("DELETE FROM wills WHERE client_id=?1")
    }
}
