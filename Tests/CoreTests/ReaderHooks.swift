// SPDX-License-Identifier: Apache-2.0
// A plugin that says who may read, and changes its mind.

import MQTT

@testable import Core

/// Allows everything but reading, which it allows as long as `mayRead` says so.
///
/// Used from one thread alone, hence `@unchecked Sendable`.
final class ReaderHooks: Hooks, @unchecked Sendable {
    /// Whether the reactor calls it without asking another thread.
    private let isDirect: Bool
    var mayRead = true
    /// How many deliveries it has been asked about.
    private(set) var askedCount = 0

    init(isDirect: Bool) { self.isDirect = isDirect }

    func events(on listener: Int?) -> HookEvents {
        isDirect ? [.access, .accessIsDirect] : .access
    }

    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 {
        guard kind == .read else { return 0 }
        askedCount += 1
        return mayRead ? 0 : 12
    }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        switch question {
        case .deliver(_, let deliveries):
            askedCount += deliveries.count
            return .deliver(deliveries.map { _ in mayRead ? .allowed : .denied })
        case .publish: return .publish(.accepted(replacement: nil))
        case .subscribe(_, let filters), .unsubscribe(_, let filters), .access(_, let filters):
            return .filters(
                filters.map { _ in .allowed(filter: nil, options: nil) },
                disconnectCode: nil
            )
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
