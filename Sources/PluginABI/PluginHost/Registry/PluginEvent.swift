// SPDX-License-Identifier: Apache-2.0
// The events of the plugin interface by number and by the name log lines call them.

/// An event number of the plugin interface (`MOSQ_EVT_*`).
enum PluginEvent: CInt, CaseIterable, Sendable {
    case reload = 1
    case aclCheck, basicAuth, extAuthStart, extAuthContinue, control, messageIn, pskKey, tick
    case disconnect, connect, subscribe, unsubscribe
    case persistRestore, persistBaseMsgAdd, persistBaseMsgDelete
    case persistRetainMsgSet, persistRetainMsgDelete
    case persistClientAdd, persistClientDelete, persistClientUpdate
    case persistSubscriptionAdd, persistSubscriptionDelete
    case persistClientMsgAdd, persistClientMsgDelete, persistClientMsgUpdate
    case messageOut, clientOffline, persistWillAdd, persistWillDelete

    /// Highest event number.
    static let numberMax = 30

    /// Whether it belongs to persistence plugins.
    var isPersistence: Bool {
        switch self {
        case .persistRestore, .persistBaseMsgAdd, .persistBaseMsgDelete, .persistRetainMsgSet,
            .persistRetainMsgDelete, .persistClientAdd, .persistClientDelete,
            .persistClientUpdate, .persistSubscriptionAdd, .persistSubscriptionDelete,
            .persistClientMsgAdd, .persistClientMsgDelete, .persistClientMsgUpdate,
            .persistWillAdd, .persistWillDelete:
            true
        default: false
        }
    }

    /// What log lines call it; CLIENT_OFFLINE has the name of CONNECT there, as in the original.
    var name: String {
        switch self {
        case .reload: "reload"
        case .aclCheck: "acl-check"
        case .basicAuth: "basic-auth"
        case .extAuthStart: "auth-start"
        case .extAuthContinue: "auth-continue"
        case .control: "control"
        case .messageIn: "message-in"
        case .pskKey: "psk-key"
        case .tick: "tick"
        case .disconnect: "disconnect"
        case .connect, .clientOffline: "connect"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .messageOut: "message-out"
        default: persistenceName
        }
    }

    private var persistenceName: String {
        switch self {
        case .persistRestore: "persist-restore"
        case .persistBaseMsgAdd: "persist-base-msg-add"
        case .persistBaseMsgDelete: "persist-base-msg-delete"
        case .persistRetainMsgSet: "persist-retain-msg-set"
        case .persistRetainMsgDelete: "persist-retain-msg-delete"
        case .persistClientAdd: "persist-client-add"
        case .persistClientDelete: "persist-client-delete"
        case .persistClientUpdate: "persist-client-update"
        case .persistSubscriptionAdd: "persist-subscription-add"
        case .persistSubscriptionDelete: "persist-subscription-delete"
        case .persistClientMsgAdd: "persist-client-msg-add"
        case .persistClientMsgDelete: "persist-client-msg-delete"
        case .persistClientMsgUpdate: "persist-client-msg-update"
        case .persistWillAdd: "persist-will-add"
        case .persistWillDelete: "persist-will-delete"
        default: ""
        }
    }
}
