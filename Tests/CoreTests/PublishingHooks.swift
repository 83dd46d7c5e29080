// SPDX-License-Identifier: Apache-2.0
// A plugin that publishes on the reactor for every message it is shown.

import MQTT

@testable import Core

/// Lets everything pass, and publishes a message of its own for each one that a client publishes.
///
/// Used from one thread alone, hence `@unchecked Sendable`.
final class PublishingHooks: Hooks, @unchecked Sendable {
    private let publication: PluginPublication
    /// To whom; nil for all who are subscribed.
    var receiver: String?
    private(set) var publishedCount = 0
    /// Set before a client comes.
    weak var broker: Broker?

    init(_ publication: PluginPublication) { self.publication = publication }

    func events(on listener: Int?) -> HookEvents { .messageIn }

    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 { 0 }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        switch question {
        case .publish:
            publishedCount += 1
            if let receiver {
                broker?.publish(publication, to: receiver)
            } else {
                broker?.publish(publication)
            }
            return .publish(.accepted(replacement: nil))
        case .subscribe(_, let filters), .unsubscribe(_, let filters), .access(_, let filters):
            return .filters(
                filters.map { _ in .allowed(filter: nil, options: nil) },
                disconnectCode: nil
            )
        case .deliver(_, let deliveries): return .deliver(deliveries.map { _ in .allowed })
        case .publishStored: return .publishStored(isAllowed: true)
        case .control: return .control(.unhandled)
        case .beginExchange, .continueExchange: return .exchange(code: 0, data: nil)
        case .authenticate, .confirm: return .authentication(code: 0)
        }
    }

    var isBehind: Bool { false }
    func forget(_ questionID: QuestionID) {}
    func text(of code: Int32) -> String { "code \(code)" }
    func connected(_ client: ClientIdentity) {}
    func disconnected(_ client: ClientIdentity, code: Int32, isOffline: Bool) {}
    func forgetSecurity(of client: ClientIdentity) {}
    func threadIsEnding() {}
}
