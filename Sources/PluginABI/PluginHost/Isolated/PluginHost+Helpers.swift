// SPDX-License-Identifier: Apache-2.0
// What the broker does for plugins in processes of their own.

import CMosquitto
import Config
import Core
import Glibc
import Isolation
import Log
import MQTT
import Net
import Results

extension PluginHost {
    /// Bytes that plugins may have published and no worker has routed; above that helpers wait.
    private static let publishedMax = 32 << 20
    /// Clients in one reply.
    private static let clientsOfReply = 64

    /// Whether workers are far behind with what plugins publish.
    var isBehindWithPublications: Bool { broker.pluginBacklog.byteCount > Self.publishedMax }

    /// Has every worker look for answers.
    func wakeWorkers() { for worker in broker.workers { worker.wake() } }

    /// The types of log lines that are on.
    var logTypes: UInt32 { log.types.rawValue }

    /// What wakes the reader of each ring: the workers, then the keeper.
    var readerWakers: [CInt] {
        broker.workers.map(\.wakerDescriptor) + [helpers?.keeper.waker.rawValue].compactMap { $0 }
    }

    /// What the process of a plugin is told first.
    func setup(of plugin: PluginConfiguration) -> PluginSetup {
        PluginSetup(
            path: plugin.path,
            name: plugin.name,
            symbols: plugin.symbols?.rawValue,
            deniesSpecialCharacters: plugin.denySpecialChars,
            options: plugin.options.map { option in
                PluginSetup.Option(
                    key: option.key,
                    value: option.value,
                    place: option.place.map {
                        PluginSetup.Place(file: $0.file, line: Int64($0.line))
                    }
                )
            },
            place: PluginSetup.Place(file: plugin.file, line: Int64(plugin.line)),
            persistenceLocation: persistenceLocation.pointer.map { String(cString: $0) }
        )
    }

    // MARK: Loading

    /// Starts the process of a plugin and waits until the plugin is set up there.
    func loadIsolated(_ configuration: PluginConfiguration) throws(LoadError) {
        guard let helpers else { preconditionFailure("made with the host") }
        log.info("Loading plugin: \(configuration.path)")
        let broker = broker
        let delayed = delayed
        let isolated = IsolatedPlugin(configuration, workerCount: broker.workers.count) { ring in
            if ring < broker.workers.count {
                broker.workers[ring].wake()
            } else {
                helpers.keeper.waker.wake()
            }
        } find: { identifier, number in
            if let identity = broker.directory[identifier]?.identity,
                ClientRecord.of(identity).number == number
            {
                return identity
            }
            return delayed.identity { ClientRecord.of($0).number == number }
        }
        let plugin = LoadedPlugin(configuration, isolated: isolated)
        append(plugin)
        helpers.append(plugin)
        do throws(LoadError) {
            let start: PluginStart
            do throws(SystemError) {
                start = try PluginStart()
            } catch {
                throw LoadError(lines: ["Error: Unable to start: \(error)"], exitCode: 1)
            }
            helpers.keeper.order(.start(plugin, start))
            try start.wait()
        } catch {
            registry.removeAll(of: plugin)
            remove(plugin)
            helpers.remove(plugin)
            throw error
        }
        if let name = plugin.name {
            let version = plugin.version.map { " version \($0)" } ?? ""
            log.info("Plugin \(name)\(version) loaded.")
        }
    }

    /// Ends the process of a plugin; waits until it is gone.
    func stopIsolated(_ plugin: LoadedPlugin) {
        guard let helpers, let done = try? Waker() else { return }
        helpers.keeper.order(.stop(plugin, done))
        done.wait()
        helpers.remove(plugin)
    }

    /// `registerControl` for a callback in another process.
    func registerControl(_ plugin: LoadedPlugin, topic: String, remote number: UInt32) -> CInt {
        guard isControlTopic(topic) else { return ResultCode.invalid }
        if topic == ControlAPI.topic, hasControlAPI { return ResultCode.alreadyExists }
        guard case .done = registry.addControl(plugin, topic: topic, remote: number) else {
            return ResultCode.alreadyExists
        }
        noteControl(plugin, topic)
        return ResultCode.success
    }

    // MARK: Telling

    /// What tells a plugin that was set up anew about the clients that are connected.
    func connects(of plugin: LoadedPlugin) -> [Asked] {
        let snapshot = registry.current
        return broker.directory.all.filter(\.isConnected).flatMap { entry in
            snapshot.scope(entry.identity.listenerIndex)[.connect].all
                .filter { $0.plugin === plugin }
                .map { Asked($0, .connected(entry.identity), .none) }
        }
    }

    /// Tells the plugins in processes of their own, behind what the worker has asked them, that a client
    /// has come or gone.
    func tellIsolated(_ callbacks: [Callback], _ question: PluginQuestion, by worker: Int) {
        for callback in callbacks {
            guard let isolated = callback.plugin.isolated else { continue }
            var asked = Asked(callback, question, .none)
            asked.ring = UInt16(isolated.serviceRing)
            _ = helpers?.desks[worker].ask(asked)
        }
    }

    /// Calls `next` when the plugins in processes of their own have been told what the worker has told them
    /// so far.
    func afterIsolated(by worker: Int, then next: @escaping @Sendable () -> Void) {
        guard let helpers else { return next() }
        let plugins = helpers.plugins
        let rest = Countdown(plugins.count + 1, next)
        for plugin in plugins {
            guard let isolated = plugin.isolated else { continue }
            var marker = Asked(plugin.marker, .marker, .job { _ in rest.arrive() })
            marker.ring = UInt16(isolated.serviceRing)
            let failure = helpers.desks[worker].ask(marker)
            if failure != nil { rest.arrive() }
        }
        rest.arrive()
    }

    /// Tells them that the configuration was read again; `next` runs when all have been told.
    func reloadIsolated(then next: @escaping @Sendable () -> Void) {
        let callbacks = registry.current.reloads.filter { $0.plugin.isolated != nil }
        for plugin in helpers?.plugins ?? [] { plugin.isolated?.setLogTypes(logTypes) }
        let rest = Countdown(callbacks.count + 1, next)
        for callback in callbacks {
            guard let isolated = callback.plugin.isolated else { continue }
            let name = callback.plugin.displayName
            let log = log
            let take: @Sendable (Answer) -> Void = { answer in
                defer { rest.arrive() }
                guard answer.code != ResultCode.success else { return }
                let text = String(cString: mosquitto_strerror(answer.code))
                log.error("Error: Plugin \(name) produced error on reload: \(text)")
            }
            let asked = Asked(callback, .reload, .job(take))
            let failure = isolated.ask(asked, ring: isolated.serviceRing)
            if let failure { take(failure) }
        }
        rest.arrive()
    }

    /// Waits until everything asked before has been answered, as long as is given.
    func drainIsolated(milliseconds: CInt) -> Bool {
        guard let helpers, let isDone = try? Waker() else { return true }
        let plugins = helpers.plugins
        let rings = broker.workers.indices
        let rest = Countdown(plugins.count * rings.count + 1) { isDone.wake() }
        for plugin in plugins {
            for ring in rings {
                let marker = Asked(plugin.marker, .marker, .job { _ in rest.arrive() })
                let failure = plugin.isolated?.ask(marker, ring: ring)
                if failure != nil { rest.arrive() }
            }
        }
        rest.arrive()
        var entry = pollfd(fd: isDone.rawValue, events: Int16(POLLIN), revents: 0)
        return retryingInterrupts({ poll(&entry, 1, milliseconds) }) > 0
    }

    // MARK: Serving

    /// Does what a process has told, or goes on with what it was told.
    func take(_ item: HelperItem, of plugin: LoadedPlugin) {
        switch item {
        case .plain(let asked, let answer):
            asked.callback.note(code: answer.code, nanoseconds: answer.nanoseconds, watch)
            if case .job(let job) = asked.continuation { job(Answer(answer)) }
        case .answered(let asked, let answer):
            asked.callback.note(code: answer.code, nanoseconds: answer.nanoseconds, watch)
            if case .job(let job) = asked.continuation { job(answer) }
        case .failed(let asked, let answer):
            if case .job(let job) = asked.continuation { job(answer) }
        case .named(let client, let number, let name):
            let named = client ?? plugin.isolated?.client(number)
            if let named { ClientRecord.of(named).setUserName(name) }
        case .told(let told): take(told, of: plugin)
        case .ready, .request: assertionFailure("these are the keeper's")
        }
    }

    private func take(_ told: Told, of plugin: LoadedPlugin) {
        switch told {
        case .log(let level, let line):
            guard isLogged(LogTypes(rawValue: UInt32(bitPattern: level))) else { return }
            log(level: level, line)
        case .opened(let flags): plugin.adopt(flags: flags)
        case .info(let name, let version): plugin.setInfo(name: name, version: version)
        case .publish(let message, let name):
            guard isValidTopicName(message.topic) else { return }
            publish(PluginPublication(message), to: name)
        case .will(let message, let name):
            guard isValidTopicName(message.topic) else { return }
            setWill(name, Will(message))
        case .kick(let name, let withWill): kick(name, publishesWill: withWill)
        case .kickUser(let name, let withWill): kickUser(name, publishesWill: withWill)
        case .kickAll(let withWill): kickAll(publishesWill: withWill)
        case .decided(let identifier, let code, let reason):
            decide(identifier, DelayedAnswers.Result(code: code, reason: reason))
        case .decidedExchange(let identifier, let code, let data, let reason):
            decideExchange(
                identifier,
                DelayedAnswers.Result(code: code, data: data, reason: reason)
            )
        case .decidedTicket(let ticket, let code, let data, let reason):
            decide(ticket, DelayedAnswers.Result(code: code, data: data, reason: reason))
        case .removeSession(let name): removeSession(name)
        case .removeRetained(let topic): removeRetained(topic)
        case .nodeIdentifier(let identifier): _ = setNodeIdentifier(identifier)
        case .registered, .unregistered, .userName: break
        }
    }

    /// Replies to what a plugin asks.
    func serve(_ request: Request, of isolated: IsolatedPlugin) {
        switch request {
        case .client(let name):
            guard let entry = broker.directory[name] else {
                return isolated.reply(Reply(code: ResultCode.notFound))
            }
            let facts = isolated.facts(about: entry.identity)
            isolated.reply(Reply(code: ResultCode.success, clients: [facts]))
        case .hasSession(let name):
            let code = hasSession(name) ? ResultCode.success : ResultCode.notFound
            isolated.reply(Reply(code: code))
        case .allClients: replyAllClients(isolated)
        case .subscribe(let name, let filter, let shareName, let options, let identifier):
            guard isValidTopicFilter(filter), identifier <= VariableByteInteger.max else {
                return isolated.reply(Reply(code: ResultCode.invalid))
            }
            let code = subscribe(
                name,
                filter: filter,
                shareName: shareName,
                options: options & 0x3F,
                identifier: identifier
            )
            isolated.reply(Reply(code: code))
        case .unsubscribe(let name, let filter, let shareName):
            isolated.reply(
                Reply(code: unsubscribe(name, filter: filter, shareName: shareName))
            )
        case .mayHaveWill(let name, let hasProperties):
            isolated.reply(
                Reply(code: obstacleToWill(of: name, hasProperties: hasProperties))
            )
        case .rename(let number, let name):
            let record = isolated.client(number).map { ClientRecord.of($0) }
            isolated.reply(
                Reply(code: record.map { rename($0, to: name) } ?? ResultCode.notFound)
            )
        case .isAwaited(let ticket):
            isolated.reply(
                Reply(code: isAwaited(ticket) ? ResultCode.success : ResultCode.notFound)
            )
        case .certificate(let number):
            replyBytes(isolated, security(of: number, isolated)?.certificate?.der)
        case .channelBinding(let number):
            replyBytes(isolated, security(of: number, isolated)?.channelBinding)
        case .control, .persistence: assertionFailure("these are the keeper's")
        }
    }

    private func security(
        of number: UInt64,
        _ isolated: IsolatedPlugin
    ) -> ConnectionSecurity? {
        isolated.client(number)?.security
    }

    private func replyBytes(_ isolated: IsolatedPlugin, _ bytes: [UInt8]?) {
        let code = bytes == nil ? ResultCode.notFound : ResultCode.success
        isolated.reply(Reply(code: code, data: bytes))
    }

    private func replyAllClients(_ isolated: IsolatedPlugin) {
        var rest = broker.directory.all[...]
        repeat {
            let part = rest.prefix(Self.clientsOfReply)
            rest = rest.dropFirst(part.count)
            isolated.reply(
                Reply(
                    code: ResultCode.success,
                    clients: part.map { isolated.facts(about: $0.identity) },
                    isContinued: !rest.isEmpty
                )
            )
        } while !rest.isEmpty
    }

    /// Refuses those who wait for an answer of a process that is no more.
    func abandonDelayed(of plugin: LoadedPlugin) {
        let code = ResultCode.serverUnavailable
        let denial = Denial(
            plugin: plugin.displayName,
            reason: Denial.absence,
            code: code
        )
        for waiting in delayed.abandon(plugin) { refuse(waiting, code, denial) }
    }
}

extension PluginPublication {
    /// What another process publishes.
    fileprivate init(_ message: PublishedMessage) {
        self.init(
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
            isRetained: message.isRetained,
            properties: PropertyBridge.checked(message.properties),
            messageExpiryInterval: message.messageExpiryInterval
        )
    }
}

extension Will {
    /// What another process makes a will.
    fileprivate init(_ message: PublishedMessage) {
        self.init(
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
            isRetained: message.isRetained,
            delayInterval: message.willDelayInterval,
            messageExpiryInterval: message.messageExpiryInterval,
            forwardedProperties: PropertyBridge.checked(message.properties)
        )
    }
}
