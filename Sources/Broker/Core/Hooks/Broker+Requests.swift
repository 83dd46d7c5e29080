// SPDX-License-Identifier: Apache-2.0
// What plugins may ask of the broker, from any thread. All but `removeRetained` is posted, never done at once.

package import Inflight
import Log
package import MQTT
import Topics

extension Broker {
    /// Routes a message as if the broker had published it: no write check, no MESSAGE_IN.
    package func publish(_ publication: PluginPublication) {
        assert(isValidTopicName(publication.topic), "what a plugin hands in has been checked")
        let size = PluginBacklog.size(publication)
        let isOnReactor = noteHandedIn(size, for: 0)
        workers[0].post { worker in
            defer { worker.broker.pluginBacklog.remove(size) }
            let retains = publication.isRetained && worker.limits.retainAvailable
            let message = publication.message(now: worker.now, isRetained: retains)
            worker.publish(message, from: SessionHandle(rawValue: .max))
            guard isOnReactor else { return }
            worker.fanOuts.follow(on: worker) { worker.noteDelivered(byteCount: size) }
        }
    }

    /// A plugin has published so many bytes, for a worker to deliver; whether it runs on a reactor.
    private func noteHandedIn(_ size: Int, for worker: Int) -> Bool {
        pluginBacklog.add(size)
        let isOnReactor = pluginBacklog.notePublished()
        if isOnReactor { workers[worker].backpressure.add(size) }
        return isOnReactor
    }

    /// Delivers a message to one session, whether it is subscribed or not; dropped when there is no
    /// such session.
    ///
    /// It takes the way of what is published to all: a client gets what a plugin publishes in the
    /// order it was published in.
    package func publish(_ publication: PluginPublication, to clientIdentifier: String) {
        assert(isValidTopicName(publication.topic), "what a plugin hands in has been checked")
        let size = PluginBacklog.size(publication)
        let home = home(of: clientIdentifier)
        let isOnReactor = noteHandedIn(size, for: home)
        let deliver: @Sendable (Worker) -> Void = { worker in
            worker.deliver(publication, to: clientIdentifier) {
                worker.broker.pluginBacklog.remove(size)
                if isOnReactor { worker.noteDelivered(byteCount: size) }
            }
        }
        workers[0].post { worker in
            guard worker.index != home else { return deliver(worker) }
            worker.sendUsedOutboxes()
            worker.broker.workers[home].post(deliver)
        }
    }

    /// Closes the connection of a client; 5.0 clients get DISCONNECT 0x98.
    package func kick(_ clientIdentifier: String, publishesWill: Bool) {
        workers[home(of: clientIdentifier)].post { worker in
            guard let session = worker.sessions[clientIdentifier] else { return }
            worker.kick(session, publishesWill: publishesWill)
        }
    }

    /// Closes all connections that are there by now and for which `isWanted` holds; many of them in
    /// slices.
    package func kickAll(
        publishesWill: Bool,
        where isWanted: @escaping @Sendable (ClientIdentity) -> Bool
    ) {
        for handle in workers {
            handle.post { worker in
                worker.kickAll(publishesWill: publishesWill, where: isWanted)
            }
        }
    }

    /// Subscribes a session; `options` as on the wire.
    ///
    /// Nothing happens when it does not exist. Returns whether it was subscribed before, as far as
    /// this thread can know: what it has asked for itself counts as done.
    package func addSubscription(
        _ clientIdentifier: String,
        filter: [UInt8],
        shareName: [UInt8]?,
        options: UInt8,
        identifier: UInt32
    ) -> Bool {
        assert(identifier <= VariableByteInteger.max, "a subscription identifier has been checked")
        let request = requestedSubscriptions.begin(
            clientIdentifier,
            filter,
            shareName,
            isAdding: true
        )
        let wasThere =
            request.wasThere
            ?? directory[clientIdentifier].map {
                subscriptions.contains(
                    filter: filter.span.bytes,
                    shareName: shareName?.span.bytes,
                    session: $0.session
                )
            }
        workers[home(of: clientIdentifier)].post { worker in
            defer { worker.broker.requestedSubscriptions.end(request.key) }
            guard let session = worker.sessions[clientIdentifier] else { return }
            let subscription = SessionSubscription(
                filter: filter,
                shareName: shareName,
                options: Topics.SubscriptionOptions(rawValue: options),
                identifier: identifier
            )
            if session.subscribe(subscription) == .refused {
                worker.log.warning(
                    "Warning: A plugin's subscription for \(clientIdentifier) is above max_subscriptions."
                )
            }
        }
        return wasThere ?? false
    }

    /// Ends a subscription of a session.
    package func removeSubscription(
        _ clientIdentifier: String,
        filter: [UInt8],
        shareName: [UInt8]?
    ) {
        let request = requestedSubscriptions.begin(
            clientIdentifier,
            filter,
            shareName,
            isAdding: false
        )
        workers[home(of: clientIdentifier)].post { worker in
            defer { worker.broker.requestedSubscriptions.end(request.key) }
            let subscription = SessionSubscription(
                filter: filter,
                shareName: shareName,
                options: Topics.SubscriptionOptions(rawValue: 0),
                identifier: 0
            )
            _ = worker.sessions[clientIdentifier]?.unsubscribe(subscription)
        }
    }

    /// Ends a session without its will.
    package func removeSession(_ clientIdentifier: String) {
        workers[home(of: clientIdentifier)].post { worker in
            guard let session = worker.sessions[clientIdentifier] else { return }
            worker.remove(session)
        }
    }

    /// Removes the retained message of a topic, if there is one.
    package func removeRetained(_ topic: [UInt8]) {
        var version: UInt64 = 0
        let changed = retained.remove(topic: topic.span.bytes, version: &version)
        guard let removed = changed.map({ Message($0) }) else { return }
        let change = version
        workers[0].post { worker in
            worker.counters.retain(0, insteadOf: removed.storage)
            worker.keeper?.didRemoveRetained([removed], version: change)
        }
    }

    /// The number of the message that is retained under a topic now; nil: there is none.
    package func retainedNumber(_ topic: UnsafeRawBufferPointer) -> MessageNumber? {
        var found: [AnyObject] = []
        let cursor = retained.cursor(filter: RawSpan(_unsafeBytes: topic))
        _ = retained.next(cursor, limit: 1, into: &found)
        return found.first.map { Message($0).number }
    }

    /// Has workers tell persistence plugins what happens from now on.
    package func beginReports() {
        for worker in workers { worker.post { $0.report(lastNumber: 0) } }
    }

    /// Replaces the will message of a session.
    package func setWill(_ clientIdentifier: String, _ will: MQTT.Will) {
        assert(isValidTopicName(will.topic), "what a plugin hands in has been checked")
        workers[home(of: clientIdentifier)].post { worker in
            guard let session = worker.sessions[clientIdentifier] else { return }
            session.setWill(will)
            worker.reporter?.noteWill(session)
        }
    }

    /// Gives the answer to a question.
    ///
    /// Callable from any thread; see `Hooks.ask`.
    package func answer(_ answers: [(questionID: QuestionID, answer: HookAnswer)], worker: Int) {
        workers[worker].post { $0.take(answers) }
    }
}

extension Broker {
    /// Gives the answers that are there when the worker's turn has come.
    ///
    /// `make` runs on the worker's thread. Callable from any thread.
    package func answer(
        worker: Int,
        _ make: @escaping @Sendable () -> [(questionID: QuestionID, answer: HookAnswer)]
    ) {
        workers[worker].post { $0.take(make()) }
    }
}

extension Worker {
    /// Delivers a message of a plugin to a session of this worker, behind what waits for its turn,
    /// then runs `end`.
    fileprivate func deliver(
        _ publication: PluginPublication,
        to clientIdentifier: String,
        end: @escaping () -> Void
    ) {
        fanOuts.follow(on: self) { [self] in
            defer { end() }
            guard let session = sessions[clientIdentifier] else { return }
            let message = publication.message(now: now, isRetained: false)
            // The plugin has chosen the receiver, so access is not checked; MESSAGE_OUT is raised.
            let events = events(on: session.identity.listener).subtracting(.access)
            message.withPublication { borrowed in
                deliverChecked(
                    borrowed,
                    to: session,
                    DeliveryForm(qos: publication.qos, isRetained: false),
                    events
                ) { message }
            }
        }
    }
}
