// SPDX-License-Identifier: Apache-2.0
// When a plugin may do something to its process.

/// When a plugin does what no plugin should.
enum Occasion: String, CaseIterable, Sendable {
    // Callbacks about a client, as `host_misbehave.c` calls them.
    case write, read
    case maySubscribe = "may-subscribe"
    case login, connect, disconnect, offline
    case messageIn = "in"
    case messageOut = "out"
    case subscribe, unsubscribe, control
    case start
    case goOn = "continue"
    case key
    // Callbacks about nobody.
    case reload, tick
    // While the plugin waits for the broker's answer to what it asks, or tells it something.
    case askClient = "ask-client"
    case askAll = "ask-all"
    case askSubscribe = "ask-subscribe"
    case askUnsubscribe = "ask-unsubscribe"
    case askWill = "ask-will"
    case askKick = "ask-kick"
    case askRename = "ask-rename"
    case askCertificate = "ask-certificate"
    case askRegister = "ask-register"
    case askPublish = "ask-publish"
    case askLog = "ask-log"

    /// What the line about the end of the process calls it; nil if that names no callback.
    var eventName: String? {
        switch self {
        case .read, .maySubscribe: "acl-check"
        case .login: "basic-auth"
        case .connect, .offline: "connect"
        case .messageIn: "message-in"
        case .messageOut: "message-out"
        case .start: "auth-start"
        case .goOn: "auth-continue"
        case .key: "psk-key"
        case .tick: nil
        case .disconnect, .subscribe, .unsubscribe, .control, .reload: rawValue
        default: "acl-check"
        }
    }

    /// Whether it is asked again of the next process: it decides, and nothing else.
    var isRepeatable: Bool { ["acl-check", "basic-auth", "psk-key"].contains(eventName) }

    /// Whether the deed is a thread's, while the first one asks.
    var isMeanwhile: Bool { rawValue.hasPrefix("ask-") }

    /// What may be done then.
    ///
    /// A thread that hangs keeps nobody; ticks that never come back are no answers that are missing.
    func allows(_ deed: Misdeed) -> Bool {
        switch self {
        case .tick: deed.consequence != .hangs && deed.name != "random" && deed.name != "leak"
        case _ where isMeanwhile: deed.consequence == .ends && deed.name != "thread"
        default: true
        }
    }
}
