// SPDX-License-Identifier: Apache-2.0
// What stands behind `struct mosquitto *`: a client's identity with its texts as C strings.

import CMosquitto
import CommonLibrary
import Core
import Glibc
import MQTT
import Net
import Synchronization

/// What stands behind `struct mosquitto *`.
///
/// Lives exactly as long as the identity it belongs to.
///
/// Strings handed out stay where they are until the record goes, also when a name is set anew; of
/// names set again and again the last 64.
///
/// `@unchecked Sendable`: the C strings are written once, before they are handed out.
final class ClientRecord: @unchecked Sendable {
    private struct Texts {
        var identifier: UnsafeMutablePointer<CChar>?
        var userName: UnsafeMutablePointer<CChar>?
        var address: UnsafeMutablePointer<CChar>?
        /// Helpers that know the client by its number.
        var followers: [IsolatedPlugin] = []
        /// Names of before that somebody may still read, oldest first.
        var retired: [UnsafeMutablePointer<CChar>] = []

        /// Puts a name away; the oldest goes when there are more than a plugin can be reading.
        mutating func retire(_ name: UnsafeMutablePointer<CChar>?) {
            guard let name else { return }
            retired.append(name)
            if retired.count > ClientRecord.retiredMax { free(retired.removeFirst()) }
            assert(retired.count <= ClientRecord.retiredMax, "old names do not fill the memory")
        }
    }

    /// Names of before that stay where they are: a plugin that gives a client a new name in each
    /// callback must not fill the memory.
    fileprivate static let retiredMax = 64

    /// Never outlived: the identity owns the record.
    private unowned(unsafe) let owner: ClientIdentity
    private let texts = Mutex(Texts())
    /// The names in force as addresses of their C strings, to be read without a lock.
    private let currentIdentifier = Atomic<UInt>(ClientRecord.unknown)
    private let currentUserName = Atomic<UInt>(ClientRecord.unknown)
    /// No address: the name must be looked up.
    ///
    /// 0 stands for no name.
    private static let unknown: UInt = 1
    /// Callbacks that authenticate the client, under way or delayed.
    private let authentications = Atomic<Int>(0)
    /// Whether the exchange under way is one of a client that is connected.
    private let isAgain = Atomic<Bool>(false)
    /// The authentication whose callback runs, by its number; 0 when none does.
    private let ticket = Atomic<UInt64>(0)
    /// The one that its callback was told of last.
    private let takenTicket = Atomic<UInt64>(0)
    /// Its number between broker and helpers; 0 while it has none.
    fileprivate let sharedNumber = Atomic<UInt64>(0)
    /// How often one of its names was set.
    let nameChanges = Atomic<UInt32>(0)

    private init(_ owner: ClientIdentity) {
        self.owner = owner
    }

    deinit {
        texts.withLock { texts in
            free(texts.identifier)
            free(texts.userName)
            free(texts.address)
            for pointer in texts.retired { free(pointer) }
        }
        let number = sharedNumber.load(ordering: .relaxed)
        for follower in texts.withLock({ $0.followers }) { follower.forget(client: number) }
    }

    /// The record of a client, made at the first call.
    static func of(_ identity: ClientIdentity) -> ClientRecord {
        identity.attachment { ClientRecord(identity) }
    }

    /// The record behind a handle.
    static func behind(_ handle: OpaquePointer) -> ClientRecord {
        Unmanaged<ClientRecord>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    }

    /// The same, as a reference that is not counted: the caller knows that the client lives.
    static func unmanaged(_ handle: OpaquePointer) -> Unmanaged<ClientRecord> {
        Unmanaged.fromOpaque(UnsafeRawPointer(handle))
    }

    /// The client it belongs to.
    var identity: ClientIdentity { owner }

    /// What plugins get for a client, without keeping it alive.
    static func handle(of identity: ClientIdentity) -> OpaquePointer {
        identity.attachmentAddress.map { OpaquePointer($0) } ?? of(identity).handle
    }

    /// What plugins get.
    var handle: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    /// The client identifier; nil for the client of a TLS handshake, who has none yet.
    var identifier: UnsafePointer<CChar>? {
        let address = currentIdentifier.load(ordering: .acquiring)
        if address != Self.unknown { return UnsafePointer(bitPattern: address) }
        return texts.withLock { texts in
            let text = owner.clientIdentifier
            texts.retire(texts.identifier)
            texts.identifier = text.isEmpty ? nil : strdup(text)
            let address = UInt(bitPattern: texts.identifier)
            currentIdentifier.store(address, ordering: .releasing)
            return UnsafePointer(texts.identifier)
        }
    }

    /// The user name.
    var userName: UnsafeMutablePointer<CChar>? {
        let address = currentUserName.load(ordering: .acquiring)
        if address != Self.unknown { return UnsafeMutablePointer(bitPattern: address) }
        return texts.withLock { texts in
            texts.retire(texts.userName)
            texts.userName = owner.userName.map { strdup($0) } ?? nil
            let address = UInt(bitPattern: texts.userName)
            currentUserName.store(address, ordering: .releasing)
            return texts.userName
        }
    }

    /// Gives the client another user name.
    func setUserName(_ name: String?) {
        texts.withLock { _ in
            // The string that was handed out stays the one in force.
            if let known = owner.userName, let name, known.hasSameBytes(as: name) { return }
            owner.setUserName(name)
            currentUserName.store(Self.unknown, ordering: .releasing)
        }
        noteUserName()
    }

    /// Has those know who must that the user name is another.
    private func noteUserName() {
        nameChanges.add(1, ordering: .relaxed)
        CurrentHost.services?.userNameChanged(of: self)
    }

    /// Takes over what a callback has written into the user name it was shown; `shown` is that string.
    ///
    /// Nothing happens if the client has another name meanwhile. A text that is no name is put back.
    func adoptUserName(writtenInto shown: UnsafeMutablePointer<CChar>?) {
        guard let shown, UInt(bitPattern: shown) == currentUserName.load(ordering: .acquiring),
            let known = owner.userName
        else { return }
        let isSame = known.withCString { strcmp($0, shown) == 0 }
        if isSame { return }
        let name = String(cString: shown)
        texts.withLock { _ in
            if isAcceptableUTF8(UnsafeRawBufferPointer(start: shown, count: strlen(shown))) {
                owner.setUserName(name)
            }
            currentUserName.store(Self.unknown, ordering: .releasing)
        }
        noteUserName()
    }

    /// Gives the client another identifier.
    func setIdentifier(_ name: String) {
        texts.withLock { _ in
            owner.setClientIdentifier(name)
            currentIdentifier.store(Self.unknown, ordering: .releasing)
        }
        nameChanges.add(1, ordering: .relaxed)
    }

    /// Takes the names that the broker says the client has; in a helper.
    func follow(identifier: String, userName: String?) {
        texts.withLock { _ in
            if !owner.clientIdentifier.hasSameBytes(as: identifier) {
                owner.setClientIdentifier(identifier)
                currentIdentifier.store(Self.unknown, ordering: .releasing)
            }
            if let known = owner.userName, let userName, known.hasSameBytes(as: userName) { return }
            owner.setUserName(userName)
            currentUserName.store(Self.unknown, ordering: .releasing)
        }
    }

    /// A helper knows the client by its number from now on, and wants to hear when it is no more.
    func addFollower(_ plugin: IsolatedPlugin) {
        texts.withLock { texts in
            if !texts.followers.contains(where: { $0 === plugin }) {
                texts.followers.append(plugin)
            }
        }
    }

    /// The address of the peer, or the path of the Unix socket; nil for a client that has not been
    /// here since the broker was started.
    var address: UnsafePointer<CChar>? {
        texts.withLock { texts in
            if owner.peer == .text("", port: 0) { return nil }
            if texts.address == nil { texts.address = strdup(owner.peer.host) }
            return UnsafePointer(texts.address)
        }
    }

    /// Whether the client is being authenticated.
    var isAuthenticating: Bool { authentications.load(ordering: .relaxed) > 0 }

    /// An authentication begins.
    func beginAuthentication() { authentications.add(1, ordering: .relaxed) }

    /// An authentication is decided.
    func endAuthentication() { authentications.subtract(1, ordering: .relaxed) }

    /// Whether the step of an exchange whose callback runs begins a new one of a connected client.
    var isAuthenticatingAgain: Bool { isAgain.load(ordering: .relaxed) }

    /// Says so before the callback is called.
    func setAuthenticatingAgain(_ isAgain: Bool) {
        self.isAgain.store(isAgain, ordering: .relaxed)
    }

    /// A callback that authenticates the client runs until this is called with 0.
    func setTicket(_ number: UInt64) { ticket.store(number, ordering: .relaxed) }

    /// The authentication whose callback runs; 0 when none does.
    func takeTicket() -> UInt64 {
        let number = ticket.load(ordering: .relaxed)
        takenTicket.store(number, ordering: .relaxed)
        return number
    }

    /// Whether the callback has asked for the number of its authentication.
    func hasTaken(_ number: UInt64) -> Bool { takenTicket.load(ordering: .relaxed) == number }
}

extension ClientRecord {
    private static let lastNumber = Atomic<UInt64>(0)

    /// Its number between broker and helpers, never used twice while the broker runs.
    var number: UInt64 {
        let known = sharedNumber.load(ordering: .relaxed)
        if known != 0 { return known }
        let made = Self.lastNumber.add(1, ordering: .relaxed).newValue
        let (isSet, earlier) = sharedNumber.compareExchange(
            expected: 0,
            desired: made,
            ordering: .relaxed
        )
        return isSet ? made : earlier
    }

    /// Takes the number that the broker has given it; in a helper.
    func take(number: UInt64) { sharedNumber.store(number, ordering: .relaxed) }
}
