// SPDX-License-Identifier: Apache-2.0
// What kinds of log lines there are for programs that look for them.

/// The kind of a log line, for programs: its name in `log_format json` and `logfmt`, and its
/// MESSAGE_ID in the journal.
///
/// Names and identifiers are a promise: none is changed or used again for something else.
package enum LogLineKind: String, Sendable, CaseIterable {
    /// The broker serves clients.
    case started
    /// The broker ends.
    case stopped
    /// A listener waits for connections.
    case listenerOpened = "listener_opened"
    /// A connection has been accepted; nobody knows yet whose it is.
    case connectionOpened = "connection_opened"
    /// A connection was closed without being served: a limit, or a rule of the machine.
    case connectionRefused = "connection_refused"
    /// A TLS handshake has failed.
    case tlsFailed = "tls_failed"
    /// A client has come in.
    case clientConnected = "client_connected"
    /// A client's connection has ended.
    case clientDisconnected = "client_disconnected"
    /// A client was not let in.
    case connectDenied = "connect_denied"
    /// A client may not do with a topic what it wanted to.
    case accessDenied = "access_denied"
    /// A packet broke a rule of the protocol.
    case protocolError = "protocol_error"
    /// Messages for a client are lost.
    case messagesDropped = "messages_dropped"
    /// A session has ended because nobody came back for it.
    case sessionExpired = "session_expired"
    /// Somebody has changed something through the control API, or was not allowed to.
    case controlChange = "control_change"

    /// 128 bits as 32 hexadecimal digits: what MESSAGE_ID of the journal says (sd-journal(3)).
    package var messageID: String {
        switch self {
        case .started: "ae20e05f4fa149f691f9c5b404b57bcc"
        case .stopped: "c1195f24ca1745bb979cd66568312dc7"
        case .listenerOpened: "bb5444cfe73b491aa63b73cdc4eb47dd"
        case .connectionOpened: "758c8224555d4211902c6935e4340399"
        case .connectionRefused: "2349e7e68c1c4fe9aa434a6763ea6cad"
        case .tlsFailed: "957ba90f6e9a4a35a57c3a8cf8118c16"
        case .clientConnected: "4c06ceb2b4094b0eba714c6516d1e3af"
        case .clientDisconnected: "be314a9f05134ab2aebe2359669bae5b"
        case .connectDenied: "6cec5f49a80648689fe914c03856ed06"
        case .accessDenied: "2c5994a7e3084fb3992cfe95a5e64d33"
        case .protocolError: "cee1578424b64f3da40cf91d8c7125bf"
        case .messagesDropped: "160c56ce961949339a48b9c7a3a40dd7"
        case .sessionExpired: "bf9ab445478641a0a3ca8e7410a9fc97"
        case .controlChange: "6d0f1d3c1b8a4f0c9e35f7d2b49a60e8"
        }
    }
}
