// SPDX-License-Identifier: Apache-2.0
// The subscribers of one filter: one in the node itself, several in a block.

import Glibc

/// Reads and changes the ordered subscribers of a node.
///
///     count 0         nothing
///     count 1         subscriber is the destination
///     count 2...      subscriber.session is the address of a block, subscriber.slot its room
///     room up to 16   a block of destinations, searched one by one
///     room above      an `UnsafeSubscriberBlock`
///
/// Invariant: the block belongs to the one node and holds `count` initialised destinations.
@safe
enum UnsafeSubscriberList {
    private static var fewMax: Int { unsafe UnsafeSubscriberBlock.fewMax }
    /// A long list becomes a short one below this, so that it does not go to and fro.
    private static var fewAgain: Int { fewMax / 2 }

    @inline(__always)  // A comparison before every use of a block.
    private static func isLong(_ node: UnsafeFilterNode) -> Bool {
        node.subscriber.slot > UInt32(fewMax)
    }

    private static func long(_ node: UnsafeFilterNode) -> UnsafeSubscriberBlock {
        unsafe UnsafeSubscriberBlock(address: UInt(node.subscriber.session.rawValue))
    }

    private static func short(_ node: UnsafeFilterNode) -> UnsafeMutablePointer<Destination> {
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
            let count = Int(node.subscriberCount)
            if isLong(node) { return unsafe long(node).appendAll(count: count, to: &result) }
            unsafe result.append(contentsOf: UnsafeBufferPointer(start: short(node), count: count))
        }
    }

    /// The destination of a session.
    static func find(_ node: UnsafeFilterNode, _ session: SessionHandle) -> Destination? {
        guard let index = index(node, session) else { return nil }
        return destination(node, at: index)
    }

    /// Puts a destination in the place of the one of the same session, whose slot it keeps and which
    /// is returned.
    static func replace(
        _ node: inout UnsafeFilterNode,
        with destination: Destination
    ) -> Destination? {
        guard let index = index(node, destination.session) else { return nil }
        let previous = self.destination(node, at: index)
        let replacement = destination.keepingSlot(of: previous)
        if node.subscriberCount == 1 {
            node.subscriber = replacement
        } else if isLong(node) {
            unsafe long(node)[index] = replacement
        } else {
            unsafe short(node)[index] = replacement
        }
        return previous
    }

    /// Adds a destination, whose session is not there yet, at the end.
    static func append(_ node: inout UnsafeFilterNode, _ destination: Destination) {
        let count = Int(node.subscriberCount)
        if count == 0 {
            node.subscriber = destination
        } else if count == 1 {
            let only = node.subscriber
            let block = unsafe reallocate(nil, to: 2)
            unsafe block.initialize(to: only)
            unsafe (block + 1).initialize(to: destination)
            setBlock(&node, UInt(bitPattern: block), room: 2)
        } else if isLong(node) {
            if unsafe long(node).isFull(room: Int(node.subscriber.slot)) { remake(&node) }
            unsafe long(node).append(destination)
        } else {
            appendShort(&node, destination)
        }
        node.subscriberCount += 1
    }

    private static func appendShort(_ node: inout UnsafeFilterNode, _ destination: Destination) {
        let count = Int(node.subscriberCount)
        let room = Int(node.subscriber.slot)
        if count == fewMax {
            let larger = unsafe UnsafeSubscriberBlock.room(for: count)
            let few = unsafe short(node)
            let block = unsafe UnsafeSubscriberBlock.make(
                from: UnsafeBufferPointer(start: few, count: count),
                room: larger
            )
            unsafe free(few)
            unsafe setBlock(&node, block.address, room: larger)
            return unsafe block.append(destination)
        }
        if count == room {
            let larger = min(room + max(2, room / 2), fewMax)
            let block = unsafe reallocate(short(node), to: larger)
            setBlock(&node, UInt(bitPattern: block), room: larger)
        }
        unsafe (short(node) + count).initialize(to: destination)
    }

    /// Removes the destination of a session, which is returned, and keeps the order of the others.
    static func remove(
        _ node: inout UnsafeFilterNode,
        _ session: SessionHandle
    ) -> Destination? {
        guard let index = index(node, session) else { return nil }
        let removed = destination(node, at: index)
        node.subscriberCount -= 1
        guard node.subscriberCount > 0 else { return removed }
        if isLong(node) { removeLong(&node, at: index) } else { removeShort(&node, at: index) }
        return removed
    }

    private static func removeLong(_ node: inout UnsafeFilterNode, at index: Int) {
        let count = Int(node.subscriberCount)
        unsafe long(node).remove(at: index)
        if count <= fewAgain {
            let few = unsafe reallocate(nil, to: fewAgain)
            unsafe long(node).move(to: few)
            setBlock(&node, UInt(bitPattern: few), room: fewAgain)
        } else if unsafe long(node).isSparse(count: count) {
            remake(&node)
        }
    }

    private static func removeShort(_ node: inout UnsafeFilterNode, at index: Int) {
        let count = Int(node.subscriberCount)
        let block = unsafe short(node)
        unsafe (block + index).update(from: block + index + 1, count: count - index)
        if count == 1 {
            node.subscriber = unsafe block[0]
            unsafe free(block)
            return
        }
        let room = Int(node.subscriber.slot)
        if count <= room / 4 {
            let smaller = unsafe reallocate(block, to: room / 2)
            setBlock(&node, UInt(bitPattern: smaller), room: room / 2)
        }
    }

    /// Frees the block of a node that is about to go.
    static func release(_ node: UnsafeFilterNode) {
        guard node.subscriberCount > 1 else { return }
        if isLong(node) { unsafe long(node).release() } else { unsafe free(short(node)) }
    }

    private static func index(_ node: UnsafeFilterNode, _ session: SessionHandle) -> Int? {
        if node.subscriberCount == 0 { return nil }
        if node.subscriberCount == 1 { return node.subscriber.session == session ? 0 : nil }
        if isLong(node) { return unsafe long(node).index(of: session) }
        let block = unsafe short(node)
        for index in 0..<Int(node.subscriberCount) {
            UnsafeStepCount.note()
            if unsafe block[index].session == session { return index }
        }
        return nil
    }

    private static func destination(_ node: UnsafeFilterNode, at index: Int) -> Destination {
        if node.subscriberCount == 1 { return node.subscriber }
        return unsafe isLong(node) ? long(node)[index] : short(node)[index]
    }

    /// Gives a long list a new block, without gaps and with room for more.
    private static func remake(_ node: inout UnsafeFilterNode) {
        let room = unsafe UnsafeSubscriberBlock.room(for: Int(node.subscriberCount))
        let block = unsafe long(node).remade(room: room)
        unsafe setBlock(&node, block.address, room: room)
    }

    private static func setBlock(_ node: inout UnsafeFilterNode, _ address: UInt, room: Int) {
        node.subscriber = Destination(
            session: SessionHandle(rawValue: UInt64(address)),
            options: SubscriptionOptions(rawValue: 0),
            slot: UInt32(room)
        )
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

    /// Asserts what the comments of the lists say.
    static func checkInvariants(_ node: UnsafeFilterNode) {
        let count = Int(node.subscriberCount)
        guard count > 1 else { return }
        let room = Int(node.subscriber.slot)
        assert(count <= room)
        if isLong(node) { unsafe long(node).checkInvariants(count: count, room: room) }
    }
}
