// SPDX-License-Identifier: Apache-2.0
// What each event does to the database.

import PluginSDK

extension StateDatabase {
    // MARK: Messages

    func add(_ event: borrowing StoredMessageEvent) throws(SQLiteError) {
        let statement = statements.addMessage
        statement.bind(1, number: event.storeID)
        statement.bind(2, event.expiryTime)
        statement.bind(3, string: event.topicBytes)
        statement.bind(4, blob: event.payload)
        if event.hasSource {
            statement.bind(5, string: event.sourceIDBytes)
        } else {
            statement.bindNull(5)
        }
        if event.hasSourceUsername {
            statement.bind(6, string: event.sourceUsernameBytes)
        } else {
            statement.bindNull(6)
        }
        statement.bind(7, Int64(event.payload.count))
        statement.bind(8, Int64(event.sourceIdentifier))
        statement.bind(9, Int64(event.sourcePort))
        statement.bind(10, Int64(event.qos))
        statement.bind(11, event.retain ? 1 : 0 as Int64)
        if let text = PropertyText.encode(event.properties) {
            statement.bind(12, copy: text)
        } else {
            statement.bindNull(12)
        }
        try statement.run()
    }

    func deleteMessage(_ storeID: UInt64) throws(SQLiteError) {
        statements.deleteMessage.bind(1, number: storeID)
        try statements.deleteMessage.run()
    }

    func setRetained(_ event: borrowing RetainedMessageEvent) throws(SQLiteError) {
        if SQLiteStatement.looksLikeNumber(event.topicBytes) {
            // The original's plugin may have stored it as a number.
            try deleteRetained(event.topicBytes)
        }
        statements.setRetained.bind(1, string: event.topicBytes)
        statements.setRetained.bind(2, number: event.storeID)
        try statements.setRetained.run()
    }

    func deleteRetained(_ topic: Span<UInt8>) throws(SQLiteError) {
        statements.deleteRetained.bind(1, string: topic)
        try statements.deleteRetained.run()
        guard SQLiteStatement.looksLikeNumber(topic) else { return }
        statements.deleteRetained.bind(1, text: topic)
        try statements.deleteRetained.run()
    }

    // MARK: Sessions

    func add(_ event: borrowing StoredClientEvent) throws(SQLiteError) {
        let statement = statements.addClient
        statement.bind(1, text: event.clientIDBytes)
        if event.hasUsername {
            statement.bind(2, text: event.usernameBytes)
        } else {
            statement.bindNull(2)
        }
        statement.bind(3, Clock.secondsSince1970())
        statement.bind(4, event.willDelayTime)
        statement.bind(5, event.expiryTime)
        statement.bind(6, Int64(event.listenerPort))
        statement.bind(7, event.maximumPacketSize)
        statement.bind(8, Int64(event.maximumQoS))
        statement.bind(9, event.isRetainAvailable ? 1 : 0 as Int64)
        statement.bind(10, event.expiryInterval)
        statement.bind(11, event.willDelayInterval)
        try statement.run()
    }

    func update(_ event: borrowing StoredClientEvent) throws(SQLiteError) {
        let statement = statements.updateClient
        statement.bind(1, event.expiryTime)
        statement.bind(2, event.willDelayTime)
        statement.bind(3, event.expiryInterval)
        statement.bind(4, event.willDelayInterval)
        statement.bind(5, text: event.clientIDBytes)
        try statement.run()
    }

    func deleteClient(_ clientID: Span<UInt8>) throws(SQLiteError) {
        for statement in statements.deleteClient {
            statement.bind(1, text: clientID)
            try statement.run()
        }
    }

    func add(_ event: borrowing StoredSubscriptionEvent) throws(SQLiteError) {
        let statement = statements.addSubscription
        statement.bind(1, text: event.clientIDBytes)
        statement.bind(2, text: event.filterBytes)
        statement.bind(3, Int64(event.options))
        statement.bind(4, event.identifier)
        try statement.run()
    }

    func delete(_ event: borrowing StoredSubscriptionEvent) throws(SQLiteError) {
        statements.deleteSubscription.bind(1, text: event.clientIDBytes)
        statements.deleteSubscription.bind(2, text: event.filterBytes)
        try statements.deleteSubscription.run()
    }

    // MARK: Deliveries

    func add(_ event: borrowing StoredDeliveryEvent) throws(SQLiteError) {
        let statement = statements.addDelivery
        statement.bind(1, text: event.clientIDBytes)
        statement.bind(2, number: event.entryID)
        statement.bind(3, number: event.storeID)
        statement.bind(4, event.isDuplicate ? 1 : 0 as Int64)
        statement.bind(5, Int64(event.direction))
        statement.bind(6, Int64(event.identifier))
        statement.bind(7, Int64(event.qos))
        statement.bind(8, event.retain ? 1 : 0 as Int64)
        statement.bind(9, Int64(event.state))
        statement.bind(10, event.subscriptionIdentifier)
        try statement.run()
    }

    func update(_ event: borrowing StoredDeliveryEvent) throws(SQLiteError) {
        let statement = statements.updateDelivery
        bindEntry(event, to: statement)
        statement.bind(5, Int64(event.state))
        statement.bind(6, event.isDuplicate ? 1 : 0 as Int64)
        statement.bind(7, Int64(event.identifier))
        try statement.run()
    }

    func delete(_ event: borrowing StoredDeliveryEvent) throws(SQLiteError) {
        bindEntry(event, to: statements.deleteDelivery)
        try statements.deleteDelivery.run()
    }

    private func bindEntry(_ event: borrowing StoredDeliveryEvent, to statement: SQLiteStatement) {
        statement.bind(1, text: event.clientIDBytes)
        statement.bind(2, number: event.storeID)
        statement.bind(3, Int64(event.direction))
        statement.bind(4, number: event.entryID)
    }

    // MARK: Wills

    func add(_ event: borrowing StoredWillEvent) throws(SQLiteError) {
        let statement = statements.addWill
        statement.bind(1, text: event.clientIDBytes)
        statement.bind(2, blob: event.payload)
        statement.bind(3, string: event.topicBytes)
        statement.bind(4, Int64(event.payload.count))
        statement.bind(5, Int64(event.qos))
        statement.bind(6, event.retain ? 1 : 0 as Int64)
        if let text = PropertyText.encode(event.properties) {
            statement.bind(7, copy: text)
        } else {
            statement.bindNull(7)
        }
        try statement.run()
    }

    func deleteWill(_ clientID: Span<UInt8>) throws(SQLiteError) {
        statements.deleteWill.bind(1, text: clientID)
        try statements.deleteWill.run()
    }
}
