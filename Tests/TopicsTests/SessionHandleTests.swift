// SPDX-License-Identifier: Apache-2.0
// Handles and options, which pack several fields into a number.

import Testing
import Topics

@Suite struct SessionHandleTests {
    @Test("A session handle and the options keep their fields apart")
    func fields() {
        let handle = SessionHandle(reactor: 0xABCD, slot: 0x12_3456, generation: 0x65_4321)
        #expect(handle.reactor == 0xABCD)
        #expect(handle.slot == 0x12_3456)
        #expect(handle.generation == 0x65_4321)
        #expect(SessionHandle(rawValue: handle.rawValue) == handle)
        var options = SubscriptionOptions(rawValue: 0x2D)
        #expect(options.qualityOfService == 1 && options.isNoLocal)
        #expect(options.isRetainAsPublished && options.retainHandling == 2)
        options.qualityOfService = 2
        options.isNoLocal = false
        options.isRetainAsPublished = false
        options.retainHandling = 1
        #expect(options.rawValue == 0x12)
    }
}
