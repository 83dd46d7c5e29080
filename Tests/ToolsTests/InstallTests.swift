// SPDX-License-Identifier: Apache-2.0
// The installed tree: scripts/test-install.sh with what was built beside the tests.

import Foundation
import TestSupport
import Testing

@Suite("The installed tree")
struct InstallTests {
    @Test("works in another place, shadows nothing, and goes away alone")
    func installed() throws {
        let built = URL(filePath: Broker.built("mosquitto")).deletingLastPathComponent()
        let outcome = try ChildProcess.run(
            Broker.packageRoot + "/scripts/test-install.sh",
            [],
            environment: ["BUILT": built.path],
            seconds: 120
        )
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
    }
}
