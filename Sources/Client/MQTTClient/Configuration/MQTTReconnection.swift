// SPDX-License-Identifier: Apache-2.0
// When a client comes back by itself.

/// When a connection that was lost is made again.
///
/// The time doubles with each failure, and begins anew once the server has accepted the client. A client that
/// the server has refused for good, or has put out, does not come back.
public struct MQTTReconnection: Sendable, Hashable {
    /// The time before the first attempt.
    public var minimum: Duration
    /// The longest time between two attempts.
    public var maximum: Duration
    /// The share of the time, 0 to 1, that chance may take off, so that many clients do not come at once.
    public var jitter: Double
    /// Whether the client also comes back where the server has refused it or put it out.
    package var isStubborn = false

    /// Makes a plan.
    public init(
        minimum: Duration = .milliseconds(500),
        maximum: Duration = .seconds(30),
        jitter: Double = 0.5
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.jitter = jitter
    }
}
