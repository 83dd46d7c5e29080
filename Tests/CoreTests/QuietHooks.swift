// SPDX-License-Identifier: Apache-2.0
// What plugins of tests have in common that are interested in one thing.

import MQTT

@testable import Core

/// Plugins that allow everything, at once, and take no note of who comes and goes; what a test is about it
/// says itself.
protocol QuietHooks: Hooks {}

extension QuietHooks {
    var isBehind: Bool { false }
    func forget(_ questionID: QuestionID) {}
    func text(of code: Int32) -> String { "code \(code)" }
    func connected(_ client: ClientIdentity, by worker: Int) {}
    func disconnected(_ client: ClientIdentity, code: Int32, isOffline: Bool, by worker: Int) {}
    func forgetSecurity(of client: ClientIdentity, by worker: Int) {}
    func threadIsEnding() {}

    func checkAccess(
        _ kind: AccessKind,
        _ client: ClientIdentity,
        _ publication: borrowing UnsafePublication
    ) -> Int32 { 0 }

    /// The answer that lets everything pass as it is.
    func allowance(for question: HookQuestion) -> HookAnswer {
        switch question {
        case .publish: .publish(.accepted(replacement: nil))
        case .deliver(_, let deliveries): .deliver(deliveries.map { _ in .allowed })
        case .subscribe(_, let filters), .unsubscribe(_, let filters), .access(_, let filters):
            .filters(
                filters.map { _ in .allowed(filter: nil, options: nil) },
                disconnectCode: nil
            )
        case .publishStored: .publishStored(isAllowed: true)
        case .control: .control(.unhandled)
        case .beginExchange, .continueExchange: .exchange(code: 0, data: nil)
        case .authenticate, .confirm: .authentication(code: 0)
        }
    }
}
