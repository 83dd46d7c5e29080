// SPDX-License-Identifier: Apache-2.0
// The subscribers of a filter that has many: found, added and removed in constant time.

import Glibc

/// A block of many subscribers in the order in which they subscribed.
///
///     [ used | table ][ destination | gone | destination | ... | room left ]
///      header, 32 bytes                                   used          room
///
/// Who unsubscribes leaves a gap that is closed when the block is made anew; so the order stays, and
/// what moving all others costs is shared by as many changes. `table` finds a session's place.
///
/// Invariants: `used <= room`; the first `used` destinations are initialised; the last of them is not
/// a gap; fewer than half of them are gaps; `table` has the places of all that are not gaps. The
/// block belongs to the one node that holds its address, and that keeps `room` and how many
/// subscribers there are.
@unsafe
struct UnsafeSubscriberBlock: BitwiseCopyable {
    /// A list that is longer than this is kept in such a block.
    static let fewMax = 16

    private struct Header: BitwiseCopyable {
        var used: Int
        let table: UnsafePositionTable
    }

    /// Two destinations' worth, so that those after it stay aligned.
    private static var headerSize: Int { 2 * MemoryLayout<Destination>.stride }

    private let base: UnsafeMutableRawPointer

    /// Takes the address that `address` of another value gave.
    init(address: UInt) {
        guard let base = unsafe UnsafeMutableRawPointer(bitPattern: address) else {
            preconditionFailure("a filter with several subscribers has no block")
        }
        unsafe self.base = base
    }

    /// Makes a block without subscribers.
    private init(room: Int) {
        let size = unsafe Self.headerSize + room * MemoryLayout<Destination>.stride
        guard let base = unsafe malloc(size) else {
            preconditionFailure("out of memory for subscribers")
        }
        assert(unsafe MemoryLayout<Header>.size <= Self.headerSize)
        unsafe base.initializeMemory(
            as: Header.self,
            to: Header(used: 0, table: UnsafePositionTable(room: room))
        )
        unsafe self.base = base
    }

    /// Where the block is.
    var address: UInt { unsafe UInt(bitPattern: base) }

    private var header: UnsafeMutablePointer<Header> {
        unsafe base.assumingMemoryBound(to: Header.self)
    }

    private var destinations: UnsafeMutablePointer<Destination> {
        unsafe (base + Self.headerSize).assumingMemoryBound(to: Destination.self)
    }

    private static var gone: SessionHandle { SessionHandle(rawValue: .max) }

    // MARK: Reading

    /// Appends all subscribers; `count` is how many there are.
    func appendAll(count: Int, to result: inout [Destination]) {
        let used = unsafe header.pointee.used
        if count == used {
            unsafe result.append(contentsOf: UnsafeBufferPointer(start: destinations, count: used))
            return
        }
        for index in 0..<used where unsafe destinations[index].session != Self.gone {
            unsafe result.append(destinations[index])
        }
    }

    /// The place of a session.
    func index(of session: SessionHandle) -> Int? {
        unsafe header.pointee.table.position(of: session.rawValue) {
            unsafe destinations[$0].session.rawValue
        }
    }

    /// The destination at a place.
    subscript(index: Int) -> Destination {
        get { unsafe destinations[index] }
        nonmutating set { unsafe destinations[index] = newValue }
    }

    // MARK: Changing

    /// Moves the subscribers of a short list into a block with more room.
    static func make(from few: UnsafeBufferPointer<Destination>, room: Int) -> Self {
        let block = unsafe Self(room: room)
        for index in few.indices { unsafe block.append(few[index]) }
        return unsafe block
    }

    /// Whether there is no place after the last one.
    func isFull(room: Int) -> Bool { unsafe header.pointee.used == room }

    /// Adds a destination whose session is not there yet; the block must not be full.
    func append(_ destination: Destination) {
        assert(unsafe destination.session != Self.gone, "a handle that no session has")
        let index = unsafe header.pointee.used
        unsafe (destinations + index).initialize(to: destination)
        unsafe header.pointee.table.insert(destination.session.rawValue, at: index)
        unsafe header.pointee.used = index + 1
    }

    /// Leaves a gap at a place.
    func remove(at index: Int) {
        let session = unsafe destinations[index].session.rawValue
        unsafe header.pointee.table.remove(session, at: index) {
            unsafe destinations[$0].session.rawValue
        }
        unsafe destinations[index].session = Self.gone
        var used = unsafe header.pointee.used
        while unsafe used > 0 && destinations[used - 1].session == Self.gone { used -= 1 }
        unsafe header.pointee.used = used
    }

    /// Whether gaps are half of the block.
    func isSparse(count: Int) -> Bool { unsafe count * 2 < header.pointee.used }

    /// The room of a new block for so many: an eighth is left for others.
    static func room(for count: Int) -> Int { unsafe count + max(fewMax, count / 8) }

    /// Moves the subscribers to a new block without gaps and frees this one.
    func remade(room: Int) -> Self {
        let block = unsafe Self(room: room)
        for index in 0..<(unsafe header.pointee.used)
        where unsafe destinations[index].session != Self.gone {
            unsafe block.append(destinations[index])
        }
        unsafe release()
        return unsafe block
    }

    /// Moves the subscribers, which must fit there, to a short list and frees this block.
    func move(to few: UnsafeMutablePointer<Destination>) {
        var count = 0
        for index in 0..<(unsafe header.pointee.used)
        where unsafe destinations[index].session != Self.gone {
            assert(unsafe count < Self.fewMax)
            unsafe (few + count).initialize(to: destinations[index])
            count += 1
        }
        unsafe release()
    }

    /// Frees the block; the value must not be used again.
    func release() {
        unsafe header.pointee.table.release()
        unsafe free(base)
    }

    /// Asserts what the type's comment says.
    func checkInvariants(count: Int, room: Int) {
        let used = unsafe header.pointee.used
        assert(used <= room && count <= used && count * 2 >= used)
        assert(unsafe used == 0 || destinations[used - 1].session != Self.gone)
        var found = 0
        for index in 0..<used {
            let session = unsafe destinations[index].session
            guard unsafe session != Self.gone else { continue }
            found += 1
            assert(unsafe self.index(of: session) == index)
        }
        assert(found == count && (unsafe header.pointee.table.count) == count)
    }
}
