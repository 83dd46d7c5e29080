// SPDX-License-Identifier: Apache-2.0
// Why an access was not allowed, in words.

extension AccessDecision {
    /// What has decided against an access that `decide` and `fallback` do not allow: the same walk again,
    /// role by role.
    static func reason(
        _ access: Access,
        to topic: Bytes,
        by subject: Subject,
        with roles: [Role]
    ) -> String {
        for role in roles {
            // A command may have changed the role since: then it is not what has decided.
            guard let decision = decide(access, to: topic, by: subject, with: [role]),
                decision != .allow
            else { continue }
            return "role '\(role.name.text)' denies it"
        }
        let fallback = "the default for \(defaultName(access)) does not allow it"
        return roles.isEmpty
            ? "no role, and \(fallback)" : "no ACL of its roles matches, and \(fallback)"
    }

    /// The default that counts where no rule does, as commands call it.
    private static func defaultName(_ access: Access) -> String {
        switch access {
        case .read: "publishClientReceive"
        case .write: "publishClientSend"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        }
    }
}

extension AccessDirectory {
    /// Why `check` did not allow an access.
    package func reason(
        _ access: Access,
        to topic: Bytes,
        by subject: Subject,
        isAnonymous: Bool
    ) -> String {
        guard let roles = roles(of: subject, isAnonymous: isAnonymous) else {
            return "unknown user"
        }
        return AccessDecision.reason(access, to: topic, by: subject, with: roles)
    }
}
