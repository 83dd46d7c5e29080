// SPDX-License-Identifier: Apache-2.0
// A plugin that publishes on the reactor for every message it is shown.

import MQTT

@testable import Core

/// Lets everything pass, and publishes a message of its own for each one that a client publishes.
///
/// Used from one thread alone, hence `@unchecked Sendable`.
final class PublishingHooks: QuietHooks, @unchecked Sendable {
    private let publication: PluginPublication
    /// To whom; nil for all who are subscribed.
    var receiver: String?
    private(set) var publishedCount = 0
    /// Set before a client comes.
    weak var broker: Broker?

    init(_ publication: PluginPublication) { self.publication = publication }

    func events(on listener: Int?) -> HookEvents { .messageIn }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        if case .publish = question {
            publishedCount += 1
            if let receiver {
                broker?.publish(publication, to: receiver)
            } else {
                broker?.publish(publication)
            }
        }
        return allowance(for: question)
    }
}
