// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_topic.h, second part: filters against topics, and filters against filters.

import CMosquitto
import Glibc
import Results

/// Whether a filter matches a topic.
@c(mosquitto_topic_matches_sub) @implementation
public func mosquitto_topic_matches_sub(
    _ sub: UnsafePointer<CChar>!,
    _ topic: UnsafePointer<CChar>!,
    _ result: UnsafeMutablePointer<Bool>!
) -> CInt {
    matchStrings(sub, topic, result, patterns: nil)
}

/// Whether a filter matches a topic, both given with their lengths.
@c(mosquitto_topic_matches_sub2) @implementation
public func mosquitto_topic_matches_sub2(
    _ sub: UnsafePointer<CChar>!,
    _ sublen: Int,
    _ topic: UnsafePointer<CChar>!,
    _ topiclen: Int,
    _ result: UnsafeMutablePointer<Bool>!
) -> CInt {
    guard let result: UnsafeMutablePointer<Bool> = result else { return ResultCode.invalid }
    result.pointee = false
    guard let sub: UnsafePointer<CChar> = sub, let topic: UnsafePointer<CChar> = topic,
        sublen > 0, topiclen > 0
    else { return ResultCode.invalid }
    return match(
        filter: UnsafeRawBufferPointer(start: sub, count: sublen),
        topic: UnsafeRawBufferPointer(start: topic, count: topiclen),
        patterns: nil,
        &result.pointee
    )
}

/// Whether a filter with `%c` and `%u` matches a topic.
@c(mosquitto_topic_matches_sub_with_pattern) @implementation
public func mosquitto_topic_matches_sub_with_pattern(
    _ sub: UnsafePointer<CChar>!,
    _ topic: UnsafePointer<CChar>!,
    _ clientid: UnsafePointer<CChar>!,
    _ username: UnsafePointer<CChar>!,
    _ result: UnsafeMutablePointer<Bool>!
) -> CInt {
    matchStrings(sub, topic, result, patterns: Patterns(clientid, username))
}

/// Whether an ACL filter covers a subscription.
@c(mosquitto_sub_matches_acl) @implementation
public func mosquitto_sub_matches_acl(
    _ acl: UnsafePointer<CChar>!,
    _ sub: UnsafePointer<CChar>!,
    _ result: UnsafeMutablePointer<Bool>!
) -> CInt {
    guard let result: UnsafeMutablePointer<Bool> = result else { return ResultCode.invalid }
    result.pointee = false
    guard let acl: UnsafePointer<CChar> = acl, let sub: UnsafePointer<CChar> = sub else {
        return ResultCode.invalid
    }
    return cover(acl: bytes(of: acl), sub: bytes(of: sub), patterns: nil, &result.pointee)
}

/// Whether an ACL filter with `%c` and `%u` covers a subscription.
@c(mosquitto_sub_matches_acl_with_pattern) @implementation
public func mosquitto_sub_matches_acl_with_pattern(
    _ acl: UnsafePointer<CChar>!,
    _ sub: UnsafePointer<CChar>!,
    _ clientid: UnsafePointer<CChar>!,
    _ username: UnsafePointer<CChar>!,
    _ result: UnsafeMutablePointer<Bool>!
) -> CInt {
    guard let result: UnsafeMutablePointer<Bool> = result else { return ResultCode.invalid }
    result.pointee = false
    guard let acl: UnsafePointer<CChar> = acl, let sub: UnsafePointer<CChar> = sub else {
        return ResultCode.invalid
    }
    let patterns = Patterns(clientid, username)
    return cover(acl: bytes(of: acl), sub: bytes(of: sub), patterns: patterns, &result.pointee)
}

// MARK: - Matching

/// What `%c` and `%u` stand for.
private struct Patterns {
    private let clientID: UnsafeRawBufferPointer?
    private let username: UnsafeRawBufferPointer?

    init(_ clientID: UnsafePointer<CChar>?, _ username: UnsafePointer<CChar>?) {
        self.clientID = clientID.map(bytes(of:))
        self.username = username.map(bytes(of:))
    }

    /// What a level stands for: itself if it is no pattern, nil if the pattern has no value.
    func expanded(_ level: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard level.count == 2, level[0] == UInt8(ascii: "%") else { return level }
        let value =
            switch level[1] {
            case UInt8(ascii: "c"): clientID
            case UInt8(ascii: "u"): username
            default: Optional(level)
            }
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Whether a level is one of the two patterns.
    func isPattern(_ level: UnsafeRawBufferPointer) -> Bool {
        level.count == 2 && level[0] == UInt8(ascii: "%")
            && (level[1] == UInt8(ascii: "c") || level[1] == UInt8(ascii: "u"))
    }
}

/// Checks the arguments of the functions for whole strings, then matches.
private func matchStrings(
    _ sub: UnsafePointer<CChar>?,
    _ topic: UnsafePointer<CChar>?,
    _ result: UnsafeMutablePointer<Bool>?,
    patterns: Patterns?
) -> CInt {
    guard let result else { return ResultCode.invalid }
    result.pointee = false
    guard let sub, let topic else { return ResultCode.invalid }
    return match(
        filter: bytes(of: sub),
        topic: bytes(of: topic),
        patterns: patterns,
        &result.pointee
    )
}

/// Matches a topic name against a filter [MQTT-4.7.2-1].
private func match(
    filter: UnsafeRawBufferPointer,
    topic: UnsafeRawBufferPointer,
    patterns: Patterns?,
    _ result: inout Bool
) -> CInt {
    guard !filter.isEmpty, !topic.isEmpty, isTopicFilter(filter), isTopicName(topic) else {
        return ResultCode.invalid
    }
    guard filter.isDollarTopic == topic.isDollarTopic else { return ResultCode.success }
    var filterLevels = TopicLevels(filter)
    var topicLevels = TopicLevels(topic)
    while let wanted = filterLevels.next() {
        if wanted.isHash {
            result = true
            return ResultCode.success
        }
        guard let level = topicLevels.next() else { return ResultCode.success }
        if wanted.isPlus { continue }
        guard let literal = patterns.map({ $0.expanded(wanted) }) ?? wanted,
            literal.elementsEqual(level)
        else { return ResultCode.success }
    }
    result = topicLevels.isAtEnd
    return ResultCode.success
}

/// Compares two filters: whether `acl` matches every topic that `sub` matches.
private func cover(
    acl: UnsafeRawBufferPointer,
    sub: UnsafeRawBufferPointer,
    patterns: Patterns?,
    _ result: inout Bool
) -> CInt {
    guard !acl.isEmpty, !sub.isEmpty, isTopicFilter(acl), isTopicFilter(sub) else {
        return ResultCode.invalid
    }
    guard acl.isDollarTopic == sub.isDollarTopic else { return ResultCode.success }
    var aclLevels = TopicLevels(acl)
    var subLevels = TopicLevels(sub)
    while let wanted = aclLevels.next() {
        if wanted.isHash {
            result = true
            return ResultCode.success
        }
        guard let level = subLevels.next() else { return ResultCode.success }
        if wanted.isPlus {
            if level.isHash { return ResultCode.success }
            continue
        }
        guard let literal = patterns.map({ $0.expanded(wanted) }) ?? wanted,
            literal.elementsEqual(level)
        else { return ResultCode.success }
        // A client must not reach beyond its own level by the choice of its name.
        if let patterns, patterns.isPattern(wanted), literal.isHash || literal.isPlus {
            return ResultCode.success
        }
    }
    result = subLevels.isAtEnd
    return ResultCode.success
}
