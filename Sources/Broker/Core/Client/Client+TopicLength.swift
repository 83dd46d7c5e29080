// SPDX-License-Identifier: Apache-2.0
// Topics that are legal as the client sends them and too long with what the broker adds.

import TopicRules

extension Client {
    /// Whether a topic or filter of `count` bytes has room for the listener's mount point.
    func fitsBelowMountPoint(_ count: Int) -> Bool {
        TopicRules.mayGrow(topicOf: count, by: listener.mountPoint.count)
    }
}

extension RequestedFilter {
    /// Whether the filter, share name and mount point included, is longer than a filter can be.
    var isOverlong: Bool { !TopicRules.mayGrow(topicOf: text.count, by: 0) }
}
