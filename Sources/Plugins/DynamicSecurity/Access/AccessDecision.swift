// SPDX-License-Identifier: Apache-2.0
// Deciding what a list of roles says about one access.

import TopicRules

/// What a client wants to do; the numbers are those of the plugin interface.
package enum Access: Int32, Sendable {
    case read = 1
    case write = 2
    case subscribe = 4
    case unsubscribe = 8
}

/// What the plugin says about it.
package enum Decision: Sendable {
    case allow
    case deny
    /// Somebody else may decide; the broker denies when nobody does.
    case `defer`
}

/// Walks rules in their order; the first one that matches decides.
package enum AccessDecision {
    /// What the roles say, or nil when no rule of theirs matches.
    package static func decide(
        _ access: Access,
        to topic: Bytes,
        by subject: Subject,
        with roles: [Role]
    ) -> Decision? {
        let asksForWildcard = access == .subscribe && TopicRules.hasWildcard(topic.span)
        for role in roles {
            if asksForWildcard, !role.allowsWildcardSubscriptions { return .deny }
            let decision: Decision? =
                switch access {
                case .read: walk(role, .publishClientReceive, topic, subject)
                case .write: walk(role, .publishClientSend, topic, subject)
                case .subscribe:
                    find(role, .subscribeLiteral, topic)
                        ?? walk(role, .subscribePattern, topic, subject)
                case .unsubscribe:
                    find(role, .unsubscribeLiteral, topic)
                        ?? walk(role, .unsubscribePattern, topic, subject)
                }
            if let decision { return decision }
        }
        return nil
    }

    /// What holds when no rule matched; `$CONTROL` is never opened by a default.
    package static func fallback(
        _ access: Access,
        to topic: Bytes,
        with defaults: DefaultAccess
    ) -> Decision {
        let isAllowed =
            switch access {
            case .read: defaults.publishClientReceive
            case .write: defaults.publishClientSend
            case .subscribe: defaults.subscribe
            case .unsubscribe: defaults.unsubscribe
            }
        return isAllowed && !isControlTopic(topic) ? .allow : .defer
    }

    private static func isControlTopic(_ topic: Bytes) -> Bool {
        let prefix: StaticString = "$CONTROL"
        guard topic.count >= prefix.utf8CodeUnitCount else { return false }
        return prefix.withUTF8Buffer { equalBytes($0, Bytes(rebasing: topic[..<$0.count])) }
    }

    private static func find(_ role: Role, _ type: ACLType, _ topic: Bytes) -> Decision? {
        for index in role.range(of: type) {
            let isSame = role.acls[index].topic.bytes.withUnsafeBufferPointer {
                equalBytes($0, topic)
            }
            if isSame { return role.acls[index].isAllowed ? .allow : .deny }
        }
        return nil
    }

    private static func walk(
        _ role: Role,
        _ type: ACLType,
        _ topic: Bytes,
        _ subject: Subject
    ) -> Decision? {
        let names = TopicSubject(
            clientIdentifier: subject.clientID.span,
            userName: subject.username.span
        )
        for index in role.range(of: type) {
            let outcome = role.acls[index].topic.bytes.withUnsafeBufferPointer {
                TopicRules.compare($0.span, with: topic.span, for: names)
            }
            switch outcome {
            case .noMatch: continue
            case .malformed: return .deny
            case .match: return role.acls[index].isAllowed ? .allow : .deny
            }
        }
        return nil
    }
}
