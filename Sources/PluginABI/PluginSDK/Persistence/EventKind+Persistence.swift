// SPDX-License-Identifier: Apache-2.0
// The names of persistence events; brokers since 2.1, with `persistence false`.

extension EventKind where Event: ~Copyable, Event == PersistRestoreEvent {
    /// The broker starts: what was kept may be given back.
    public static var persistRestore: Self { Self(14, "persist-restore") }
}

extension EventKind where Event: ~Copyable, Event == StoredMessageEvent {
    /// A message is about to be referred to for the first time.
    public static var persistMessageAdd: Self { Self(15, "persist-base-msg-add") }
    /// Nothing refers to a message any more.
    public static var persistMessageDelete: Self { Self(16, "persist-base-msg-delete") }
}

extension EventKind where Event: ~Copyable, Event == RetainedMessageEvent {
    /// A message is retained, perhaps in the place of another.
    public static var persistRetainedSet: Self { Self(17, "persist-retain-msg-set") }
    /// A topic has no retained message any more.
    public static var persistRetainedDelete: Self { Self(18, "persist-retain-msg-delete") }
}

extension EventKind where Event: ~Copyable, Event == StoredClientEvent {
    /// A session begins that outlives its connection.
    public static var persistClientAdd: Self { Self(19, "persist-client-add") }
    /// A session is over, with all it holds.
    public static var persistClientDelete: Self { Self(20, "persist-client-delete") }
    /// The client of a session has left, or is back.
    public static var persistClientUpdate: Self { Self(21, "persist-client-update") }
}

extension EventKind where Event: ~Copyable, Event == StoredSubscriptionEvent {
    /// A subscription was made or replaced.
    public static var persistSubscriptionAdd: Self { Self(22, "persist-subscription-add") }
    /// A subscription has ended.
    public static var persistSubscriptionDelete: Self { Self(23, "persist-subscription-delete") }
}

extension EventKind where Event: ~Copyable, Event == StoredDeliveryEvent {
    /// A message is on its way.
    public static var persistDeliveryAdd: Self { Self(24, "persist-client-msg-add") }
    /// It is over.
    public static var persistDeliveryDelete: Self { Self(25, "persist-client-msg-delete") }
    /// It has come further.
    public static var persistDeliveryUpdate: Self { Self(26, "persist-client-msg-update") }
}

extension EventKind where Event: ~Copyable, Event == StoredWillEvent {
    /// A client has a will.
    public static var persistWillAdd: Self { Self(29, "persist-will-add") }
    /// A client has none any more.
    public static var persistWillDelete: Self { Self(30, "persist-will-delete") }
}
