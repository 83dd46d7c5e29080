// SPDX-License-Identifier: Apache-2.0
// Which sessions are meant.

import JSON
import Net

/// Whether a client is there.
enum ClientState: String, CaseIterable, Sendable {
    case connected, offline
}

/// Which sessions are meant: all that fit everything that is said.
struct ClientFilter: Equatable, Sendable {
    var state: ClientState?
    var identifier: GlobPattern?
    var userName: GlobPattern?
    var address: GlobPattern?
    /// The port of a listener, or the path of its Unix socket.
    var listener: String?

    /// Reads what a command says of clients; `isOfClosed`: of connections that are no more, whatever it
    /// says of their state.
    init(_ arguments: ControlArguments, isOfClosed: Bool = false) throws(ControlFailure) {
        if !isOfClosed { state = try arguments.choice("state", of: ClientState.self) }
        identifier = try arguments.pattern("pattern")
        userName = try arguments.pattern("username")
        address = try arguments.pattern("address")
        listener =
            if let port = arguments.value["listener"]?.integer { String(port) } else {
                try arguments.text("listener")
            }
    }

    /// Whether nothing is said: all are meant.
    var isEmpty: Bool { state == nil && identifier == nil && !asksIdentity }

    /// Whether something is said of where clients come from or who they are.
    private var asksIdentity: Bool { userName != nil || address != nil || listener != nil }

    /// Whether a session is meant.
    func includes(_ session: Session, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        if let state, (session.peer != nil) != (state == .connected) { return false }
        if let identifier, !identifier.matches(name) { return false }
        return !asksIdentity || fits(session.identity)
    }

    /// Whether a connection that is no more is meant.
    func includes(_ identity: ClientIdentity) -> Bool {
        if let identifier, !identifier.matches(identity.clientIdentifier) { return false }
        return fits(identity)
    }

    private func fits(_ identity: ClientIdentity) -> Bool {
        if let userName, !(identity.userName.map(userName.matches) ?? false) { return false }
        if let address, !address.matches(identity.peer.host) { return false }
        if let listener, identity.listener?.logName != listener { return false }
        return true
    }
}
