// SPDX-License-Identifier: Apache-2.0
// The subscribers of one filter: one in the node itself, several in a block.

import Glibc

/// Reads and changes the ordered subscribers of a node.
///
///     count 0     nothing
///     count 1     subscriber is the destination
///     count 2...  subscriber.session is the address of a block of destinations and
///                 subscriber.subscriptionIdentifier how many the block has room for
///
/// Invariant: the block belongs to the one node and holds `count` initialised destinations.
@safe
enum UnsafeSubscriberList {
    private static func block(_ node: UnsafeFilterNode) -> UnsafeMutablePointer<Destination> {
        guard
            let block = unsafe UnsafeMutablePointer<Destination>(
                bitPattern: UInt(node.subscriber.session.rawValue)
            )
        else { preconditionFailure("a filter with several subscribers has no block") }
        return unsafe block
    }

    /// Appends all subscribers to an array, in the order in which they subscribed.
    @inline(__always)  // Once per matching filter.
    static func appendAll(_ node: UnsafeFilterNode, to result: inout [Destination]) {
        if node.subscriberCount == 1 {
            result.append(node.subscriber)
        } else if node.subscriberCount > 1 {
            unsafe result.append(
                contentsOf: UnsafeBufferPointer(
                    start: block(node),
                    count: Int(node.subscriberCount)
                )
            )
        }
    }

    /// Puts a destination in the place of the one of the same session, which is returned.
    static func replace(
        _ node: inout UnsafeFilterNode,
        with destination: Destination
    ) -> Destination? {
        guard let index = index(node, destination.session) else { return nil }
        if node.subscriberCount == 1 {
            let previous = node.subscriber
            node.subscriber = destination
            return previous
        }
        let block = unsafe block(node)
        let previous = unsafe block[index]
        unsafe block[index] = destination
        return previous
    }

    /// Adds a destination at the end.
    static func append(_ node: inout UnsafeFilterNode, _ destination: Destination) {
        let count = Int(node.subscriberCount)
        if count == 0 {
            node.subscriber = destination
        } else if count == 1 {
            let only = node.subscriber
            unsafe setBlock(&node, reallocate(nil, to: 2), room: 2)
            unsafe block(node).initialize(to: only)
            unsafe (block(node) + 1).initialize(to: destination)
        } else {
            let room = Int(node.subscriber.subscriptionIdentifier)
            if count == room {
                let larger = room + max(2, room / 2)
                unsafe setBlock(&node, reallocate(block(node), to: larger), room: larger)
            }
            unsafe (block(node) + count).initialize(to: destination)
        }
        node.subscriberCount += 1
    }

    /// Removes the destination of a session and keeps the order of the others.
    static func remove(_ node: inout UnsafeFilterNode, _ session: SessionHandle) -> Bool {
        guard let index = index(node, session) else { return false }
        let count = Int(node.subscriberCount)
        node.subscriberCount -= 1
        guard count > 1 else { return true }
        let block = unsafe block(node)
        unsafe (block + index).update(from: block + index + 1, count: count - index - 1)
        if count == 2 {
            node.subscriber = unsafe block[0]
            unsafe free(block)
            return true
        }
        let room = Int(node.subscriber.subscriptionIdentifier)
        if count - 1 <= room / 4 {
            unsafe setBlock(&node, reallocate(block, to: room / 2), room: room / 2)
        }
        return true
    }

    /// Frees the block of a node that is about to go.
    static func release(_ node: UnsafeFilterNode) {
        if node.subscriberCount > 1 { unsafe free(block(node)) }
    }

    /// Whether a session is among the subscribers.
    static func contains(_ node: UnsafeFilterNode, _ session: SessionHandle) -> Bool {
        index(node, session) != nil
    }

    private static func index(_ node: UnsafeFilterNode, _ session: SessionHandle) -> Int? {
        if node.subscriberCount == 0 { return nil }
        if node.subscriberCount == 1 { return node.subscriber.session == session ? 0 : nil }
        let block = unsafe block(node)
        for index in 0..<Int(node.subscriberCount) where unsafe block[index].session == session {
            return index
        }
        return nil
    }

    private static func setBlock(
        _ node: inout UnsafeFilterNode,
        _ block: UnsafeMutablePointer<Destination>,
        room: Int
    ) {
        node.subscriber.session = SessionHandle(rawValue: UInt64(UInt(bitPattern: block)))
        node.subscriber.subscriptionIdentifier = UInt32(room)
    }

    private static func reallocate(
        _ block: UnsafeMutablePointer<Destination>?,
        to count: Int
    ) -> UnsafeMutablePointer<Destination> {
        guard let larger = unsafe realloc(block, count * MemoryLayout<Destination>.stride) else {
            preconditionFailure("out of memory for subscribers")
        }
        return unsafe larger.bindMemory(to: Destination.self, capacity: count)
    }
}
