// SPDX-License-Identifier: Apache-2.0
// A thread on which clients live.

import Net

/// A thread that waits for the sockets of clients and works for them.
///
/// One is enough for many clients; it ends when neither it nor a client of it is used any more.
public final class MQTTEventLoop: Sendable {
    /// The one that clients share unless told otherwise; its thread starts with the first of them.
    public static let shared = MQTTEventLoop()

    private let mail: LoopMail?
    private let startError: MQTTError?

    /// Starts a thread.
    ///
    /// If there is none to be had, `MQTTClient.connect` says so.
    public init() {
        do throws(SystemError) {
            let mail = LoopMail(try Waker())
            let thread = try Thread(named: "mqtt") { LoopThread.run(mail) }
            thread.detach()
            self.mail = mail
            startError = nil
        } catch {
            mail = nil
            startError = .unreachable(address: error.call, code: error.code)
        }
    }

    deinit { mail?.stop() }

    /// Has the thread look at what a client has been asked for.
    func wake(for core: ClientCore) throws(MQTTError) {
        guard let mail else { throw startError ?? .closed }
        mail.put(core)
    }
}

/// What runs on the thread of an event loop.
private final class LoopThread {
    private let reactor: Reactor
    private let mail: LoopMail
    private let table = DriverTable()
    private var clients: [ObjectIdentifier: LoopClient] = [:]

    private init(_ mail: LoopMail) throws(SystemError) {
        self.mail = mail
        reactor = try Reactor(index: 0, waker: mail.waker)
        reactor.delegate = table
    }

    /// Runs until nobody needs it any more.
    static func run(_ mail: LoopMail) {
        let thread: LoopThread
        do throws(SystemError) {
            thread = try LoopThread(mail)
        } catch {
            return refuse(mail, .unreachable(address: error.call, code: error.code))
        }
        thread.table.woken = { [unowned thread] in thread.takeMail() }
        thread.table.mustCallAgain = { mail.isAwake }
        try? thread.reactor.run()
        thread.table.woken = nil
    }

    /// There is no reactor: everybody hears of it.
    private static func refuse(_ mail: LoopMail, _ error: MQTTError) {
        while true {
            let (cores, isStopped) = mail.takeAll()
            for core in cores { core.refuse(error) }
            if isStopped { return }
            guard cores.isEmpty else { continue }
            mail.waker.wait()
            mail.waker.clear()
        }
    }

    private func takeMail() {
        let (cores, isStopped) = mail.takeAll()
        for core in cores {
            let name = ObjectIdentifier(core)
            let client = clients[name] ?? LoopClient(core, reactor, table)
            clients[name] = client
            client.takeCommands()
            if client.isOver { clients[name] = nil }
        }
        if isStopped, clients.isEmpty { reactor.stop() }
    }
}
