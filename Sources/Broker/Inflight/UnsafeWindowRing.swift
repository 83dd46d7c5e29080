// SPDX-License-Identifier: Apache-2.0
// The entries of a window in the order in which they came.

/// A ring of entries, each at a *place*: a number that rises by one with each entry and stays the
/// entry's until `compact`.
///
/// ```
///   given back … | identified: live and ended entries | not identified yet | free …
///                head                       identifiedEnd                  tail
/// ```
/// Entries that end out of order stay as `.ended` until those before them have ended, or until
/// `compact` closes the gaps. Invariants: `head <= identifiedEnd <= tail`,
/// `tail - head <= capacity`, which is a power of two or 0; the entry at `head` has not ended;
/// while `isAscending`, the identifiers from `head` to `identifiedEnd` rise, 0 left out.
///
/// A plain struct that whoever owns it keeps behind a pointer and destroys: it is touched for every
/// message, and neither a copy nor a check for exclusive access is affordable there.
@usableFromInline
struct UnsafeWindowRing {
    private static let keptCapacityMax = 64
    /// So many ended entries are not worth closing the gaps.
    private static let endedMin = 32

    @usableFromInline var entries: UnsafeMutablePointer<WindowEntry>?
    @usableFromInline var capacity = 0
    @usableFromInline var head = 0
    @usableFromInline var tail = 0
    /// Entries that were sent at least once lie before this place: their identifiers count.
    @usableFromInline var identifiedEnd = 0
    /// Ended entries between `head` and `tail`.
    @usableFromInline var endedCount = 0
    /// Places by identifier, of live entries; made when bisection will not do.
    private var index: [UInt16: Int]?
    /// Whether an identifier is found by bisection.
    @usableFromInline var isAscending = true

    @usableFromInline
    init() {}

    /// Whether nothing is in it.
    @usableFromInline var isEmpty: Bool { head == tail }

    /// Whether no index has to be kept up to date.
    @usableFromInline var isOrdered: Bool { index == nil }

    /// Entries that have not ended.
    @usableFromInline var liveCount: Int { tail - head - endedCount }

    /// The entry at a place from `head` to `tail`.
    @inline(__always)
    subscript(_ place: Int) -> UnsafeMutablePointer<WindowEntry> {
        precondition(place >= head && place < tail, "an entry at this place exists")
        guard let entries else { preconditionFailure("a ring with entries has storage") }
        return entries + (place & (capacity - 1))
    }

    // MARK: Adding and ending

    /// Makes room for `count` more entries.
    @usableFromInline
    mutating func reserve(_ count: Int) {
        while capacity - (tail - head) < count { grow() }
    }

    /// Adds an entry at the end and returns its place.
    mutating func append(_ entry: WindowEntry) -> Int {
        if tail - head == capacity { grow() }
        guard let entries else { preconditionFailure("a ring with room has storage") }
        (entries + (tail & (capacity - 1))).initialize(to: entry)
        tail += 1
        return tail - 1
    }

    /// Adds an entry behind all others that has its identifier already; there is room, and the
    /// identifier lies behind all others.
    @inline(__always)
    mutating func appendIdentified(_ entry: WindowEntry) -> Int {
        assert(
            isAscending && identifiedEnd == tail && continues(entry.identifier),
            "it is the last"
        )
        precondition(tail - head < capacity, "room is reserved")
        guard let entries else { preconditionFailure("a ring with room has storage") }
        (entries + (tail & (capacity - 1))).initialize(to: entry)
        tail += 1
        identifiedEnd = tail
        return tail - 1
    }

    /// Whether identifiers that rise from `first` to `last` all lie behind those that are there.
    func follows(from first: UInt16, to last: UInt16) -> Bool {
        guard isAscending, first <= last, first != 0 else { return false }
        guard head < identifiedEnd else { return true }
        let head = firstIdentifier
        let distance = PacketIdentifiers.distance(from: head, to: first)
        return distance > PacketIdentifiers.distance(from: head, to: lastIdentifier)
            && distance <= PacketIdentifiers.distance(from: head, to: last)
    }

    /// Lets the entry at `identifiedEnd` have the identifier it wants, if that is simply the next.
    @inline(__always)
    mutating func identifyAsWanted() -> Bool {
        let wanted = at(identifiedEnd).pointee.identifier
        guard wanted != 0, isAscending, isNext(wanted) else { return false }
        assert(index == nil, "what ascends needs no index")
        identifiedEnd += 1
        return true
    }

    /// Gives the entry at `identifiedEnd` its identifier.
    mutating func identify(_ identifier: UInt16) {
        assert(identifier != 0, "identifiers are not 0")
        if isAscending, !isNext(identifier) { isAscending = continues(identifier) }
        if index != nil { index?[identifier] = identifiedEnd }
        self[identifiedEnd].pointee.identifier = identifier
        identifiedEnd += 1
    }

    /// Passes over the entry at `identifiedEnd`, which has ended without having been sent.
    ///
    /// It gets the identifier before it, so that bisection needs no exceptions.
    mutating func passEnded() {
        assert(self[identifiedEnd].pointee.state == .ended, "only what has ended is passed over")
        if identifiedEnd > head {
            self[identifiedEnd].pointee.identifier = self[identifiedEnd - 1].pointee.identifier
        }
        identifiedEnd += 1
    }

    /// Whether an identifier lies behind all others, so that it is nobody's yet.
    @inline(__always)
    private func continues(_ identifier: UInt16) -> Bool {
        guard head < identifiedEnd else { return true }
        let first = firstIdentifier
        return PacketIdentifiers.distance(from: first, to: identifier)
            > PacketIdentifiers.distance(from: first, to: lastIdentifier)
    }

    /// Whether an identifier is the one behind the last, and not the first once more.
    @inline(__always)
    private func isNext(_ identifier: UInt16) -> Bool {
        guard head < identifiedEnd else { return true }
        return identifier == PacketIdentifiers.next(lastIdentifier)
            && identifier != firstIdentifier
    }

    /// Whether no live entry has an identifier.
    mutating func isFree(_ identifier: UInt16) -> Bool {
        if isAscending, isNext(identifier) || continues(identifier) { return true }
        return find(identifier, before: identifiedEnd) == nil
    }

    /// How many identifiers in a row after `identifier`, the last one given, are surely nobody's.
    @usableFromInline
    func freeRun(after identifier: UInt16) -> Int {
        guard head < identifiedEnd else { return PacketIdentifiers.count }
        guard isAscending else { return 0 }
        let first = firstIdentifier
        let given = PacketIdentifiers.distance(from: first, to: identifier)
        guard given >= PacketIdentifiers.distance(from: first, to: lastIdentifier) else { return 0 }
        return PacketIdentifiers.count - 1 - given
    }

    private var firstIdentifier: UInt16 { at(head).pointee.identifier }

    private var lastIdentifier: UInt16 { at(identifiedEnd - 1).pointee.identifier }

    /// The entry at a place that the invariants say is there.
    @inline(__always)
    private func at(_ place: Int) -> UnsafeMutablePointer<WindowEntry> {
        assert(place >= head && place < tail, "an entry at this place exists")
        guard let entries else { preconditionFailure("a ring with entries has storage") }
        return entries + (place & (capacity &- 1))
    }

    /// Ends the entry at a place.
    mutating func end(_ place: Int) {
        let entry = self[place]
        assert(entry.pointee.state != .ended, "an entry ends once")
        if index != nil, place < identifiedEnd { index?[entry.pointee.identifier] = nil }
        entry.pointee.state = .ended
        endedCount += 1
        if place == head { trim() }
    }

    /// Gives back the places of ended entries at the front.
    private mutating func trim() {
        while head < tail, self[head].pointee.state == .ended {
            head += 1
            endedCount -= 1
        }
        noteFront()
    }

    /// Gives back `count` entries at the front that have just ended, live ones before.
    mutating func removeFirst(_ count: Int) {
        assert(count <= tail - head, "so many entries are there")
        assert(index == nil, "entries that an index knows end one by one")
        head += count
        if head < tail { trim() } else { noteFront() }
    }

    private mutating func noteFront() {
        if identifiedEnd <= head {
            identifiedEnd = head
            isAscending = true
            index = nil
        }
        if head == tail, capacity > Self.keptCapacityMax { removeStorage() }
    }

    /// Drops everything; the places go on from where they were.
    mutating func removeAll() {
        head = tail
        identifiedEnd = tail
        endedCount = 0
        isAscending = true
        index = nil
        removeStorage()
    }

    /// Frees the storage.
    ///
    /// The owner calls this, or `removeAll`, before it forgets the ring.
    mutating func removeStorage() {
        entries?.deallocate()
        entries = nil
        capacity = 0
    }

    private mutating func grow() {
        let larger = max(8, capacity * 2)
        let storage = UnsafeMutablePointer<WindowEntry>.allocate(capacity: larger)
        if let entries {
            for place in head..<tail {
                storage[place & (larger - 1)] = entries[place & (capacity - 1)]
            }
            entries.deallocate()
        }
        entries = storage
        capacity = larger
    }

    // MARK: Finding

    /// The place of an identifier among the live identified entries before `end`.
    mutating func find(_ identifier: UInt16, before end: Int) -> Int? {
        let end = min(end, identifiedEnd)
        guard identifier != 0, head < end else { return nil }
        if firstIdentifier == identifier { return head }
        guard isAscending else {
            if index == nil { makeIndex() }
            return index?[identifier].flatMap { $0 < end ? $0 : nil }
        }
        let distance = PacketIdentifiers.distance(from: firstIdentifier, to: identifier)
        // Mostly identifiers have no gaps.
        let guess = head + distance
        if guess < end, self[guess].pointee.identifier == identifier,
            self[guess].pointee.state != .ended
        {
            return guess
        }
        guard let place = bisect(distance, before: end) else { return nil }
        return self[place].pointee.state == .ended ? nil : place
    }

    /// The first place whose identifier lies so far behind the first one.
    private func bisect(_ distance: Int, before end: Int) -> Int? {
        let first = firstIdentifier
        var low = head
        var high = end
        while low < high {
            let middle = low + (high - low) / 2
            let reached = PacketIdentifiers.distance(
                from: first,
                to: self[middle].pointee.identifier
            )
            if reached < distance { low = middle + 1 } else { high = middle }
        }
        guard low < end else { return nil }
        let found = PacketIdentifiers.distance(from: first, to: self[low].pointee.identifier)
        return found == distance ? low : nil
    }

    private mutating func makeIndex() {
        var places: [UInt16: Int] = [:]
        places.reserveCapacity(liveCount)
        for place in head..<identifiedEnd {
            let entry = self[place].pointee
            if entry.state != .ended { places[entry.identifier] = place }
        }
        index = places
    }

    // MARK: Closing gaps

    /// Whether the ended entries before `end` take more room than the live ones.
    func isSparse(before end: Int, live: Int) -> Bool {
        let ended = end - head - live
        return ended > Self.endedMin && ended > live
    }

    /// Moves the live entries before `end` together, against `end`, in their order.
    ///
    /// `move` is told the old and the new place of each that moves; the new one is free by then.
    mutating func compact(before end: Int, _ move: (_ from: Int, _ to: Int) -> Void) {
        var to = end - 1
        var from = end - 1
        while from >= head {
            if self[from].pointee.state != .ended {
                if from != to {
                    self[to].pointee = self[from].pointee
                    move(from, to)
                }
                to -= 1
            }
            from -= 1
        }
        endedCount -= to + 1 - head
        head = to + 1
        index = nil
        noteFront()
    }

    /// Checks what the type's comment promises.
    func checkInvariants() {
        assert(head <= identifiedEnd && identifiedEnd <= tail, "the parts are in order")
        assert(tail - head <= capacity, "what is there has room")
        assert(capacity & (capacity - 1) == 0, "the capacity is a power of two")
        #if DEBUG
        checkEntries()
        #endif
    }

    #if DEBUG
    private func checkEntries() {
        var ended = 0
        var last = 0
        for place in head..<tail {
            let entry = self[place].pointee
            if entry.state == .ended { ended += 1 }
            guard place < identifiedEnd else { continue }
            assert(entry.identifier != 0, "what was identified has an identifier")
            guard isAscending else { continue }
            let distance = PacketIdentifiers.distance(
                from: firstIdentifier,
                to: entry.identifier
            )
            assert(distance >= last, "identifiers rise")
            last = distance
        }
        assert(ended == endedCount, "ended entries are counted")
        assert(head == tail || self[head].pointee.state != .ended, "the first one lives")
    }
    #endif
}
