// SPDX-License-Identifier: Apache-2.0
// Our plugin, broker and mosquitto_ctrl in every combination with Debian's: the same outcome everywhere.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct MatrixTests {
    /// Our mosquitto_ctrl, built beside the broker.
    private static let control =
        (TestSupport.Broker.executable as NSString).deletingLastPathComponent + "/mosquitto_ctrl"

    private static let programs = [
        TestSupport.Broker.executable, AdministeredBroker.ownPlugin, control,
    ]

    @Test(
        "Every broker with every plugin and every mosquitto_ctrl has the same outcome at each step",
        .enabled(
            if: AdministeredBroker.isAvailable
                && programs.allSatisfy { FileManager.default.fileExists(atPath: $0) },
            "needs the original broker, version 2.0, and our three programs"
        )
    )
    func sameOutcome() throws {
        let script = TestSupport.Broker.packageRoot + "/Tests/python/dynsec_matrix.py"
        let outcome = try ChildProcess.run(
            "/usr/bin/env",
            ["python3", script] + Self.programs,
            environment: ["PYTHONDONTWRITEBYTECODE": "1"],
            seconds: 240
        )
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.components(separatedBy: "same: ").count == 9)
    }
}
