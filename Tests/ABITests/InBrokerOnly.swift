// SPDX-License-Identifier: Apache-2.0
// Tests that do not hold for plugins in processes of their own.

import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Not for `ISOLATE_PLUGINS=1`, which has all plugins run in processes of their own: what differs there, as
    /// docs/plugin-isolation.md says, makes the test untrue.
    static func inBrokerOnly(_ difference: Comment) -> Self {
        .disabled(if: Broker.isolatesPlugins, difference)
    }
}
