// SPDX-License-Identifier: Apache-2.0
// The version the broker says it is.

/// The version the broker says it is.
///
/// Tools and plugins compare it with versions of Eclipse Mosquitto, so it names the one whose behaviour
/// and interface this broker has.
package enum BrokerVersion {
    /// The major number, as in `LIBMOSQUITTO_MAJOR`.
    package static let major: Int32 = 2
    /// The minor number.
    package static let minor: Int32 = 1
    /// The revision.
    package static let revision: Int32 = 2
    /// The three numbers with dots.
    package static let number = "\(major).\(minor).\(revision)"
    /// The release of this project, which alone tells one from the next: `swift-N`, N from 1.
    ///
    /// It stands on a line of its own wherever people look, never in the lines that programs read.
    package static let release = "swift-1"
    /// The line that names the release.
    package static let releaseLine = "Release: \(release)"
}
