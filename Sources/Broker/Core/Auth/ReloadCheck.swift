// SPDX-License-Identifier: Apache-2.0
// What a reload has yet to look at.

/// The sessions of a worker that are still to be checked again after a reload.
///
/// A slice of a turn is spent on them at a time, and few questions are open at once: clients that
/// log in meanwhile, and everybody else whom the plugins are asked about, wait for no more than
/// those. A later reload begins anew.
final class ReloadCheck {
    var rest: [Session]
    var openCount = 0
    var isPostponed = false

    /// Questions of one worker that are open at a time.
    static let openMax = 4

    init(_ sessions: [Session]) { rest = sessions }
}
