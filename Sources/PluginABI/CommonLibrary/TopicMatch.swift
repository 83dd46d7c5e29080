// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_topic.h, second part: filters against topics, and filters against filters.

import CMosquitto
import Glibc
import Results
import TopicRules

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

/// What `%c` and `%u` stand for; nothing, if there is no such name.
private struct Patterns {
    let clientID: UnsafeRawBufferPointer
    let username: UnsafeRawBufferPointer

    init(_ clientID: UnsafePointer<CChar>?, _ username: UnsafePointer<CChar>?) {
        self.clientID = clientID.map(bytes(of:)) ?? UnsafeRawBufferPointer(start: nil, count: 0)
        self.username = username.map(bytes(of:)) ?? UnsafeRawBufferPointer(start: nil, count: 0)
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

/// Matches a topic name against a filter [MQTT-4.7.2-1]; neither length nor depth is limited.
private func match(
    filter: UnsafeRawBufferPointer,
    topic: UnsafeRawBufferPointer,
    patterns: Patterns?,
    _ result: inout Bool
) -> CInt {
    guard !filter.isEmpty, !topic.isEmpty,
        TopicRules.hasWildcardsInPlace(Span(_bytes: filter.bytes)),
        !TopicRules.hasWildcard(Span(_bytes: topic.bytes))
    else { return ResultCode.invalid }
    result = compare(filter, topic, patterns) == .match
    return ResultCode.success
}

/// Compares two filters: whether `acl` matches every topic that `sub` matches.
private func cover(
    acl: UnsafeRawBufferPointer,
    sub: UnsafeRawBufferPointer,
    patterns: Patterns?,
    _ result: inout Bool
) -> CInt {
    guard !acl.isEmpty, !sub.isEmpty, TopicRules.hasWildcardsInPlace(Span(_bytes: acl.bytes)),
        TopicRules.hasWildcardsInPlace(Span(_bytes: sub.bytes))
    else { return ResultCode.invalid }
    result = compare(acl, sub, patterns) == .match
    return ResultCode.success
}

private func compare(
    _ filter: UnsafeRawBufferPointer,
    _ other: UnsafeRawBufferPointer,
    _ patterns: Patterns?
) -> TopicMatch {
    guard let patterns else {
        return TopicRules.compare(Span(_bytes: filter.bytes), with: Span(_bytes: other.bytes))
    }
    let subject = TopicSubject(
        clientIdentifier: Span(_bytes: patterns.clientID.bytes),
        userName: Span(_bytes: patterns.username.bytes)
    )
    return TopicRules.compare(
        Span(_bytes: filter.bytes),
        with: Span(_bytes: other.bytes),
        for: subject
    )
}
