// SPDX-License-Identifier: Apache-2.0
// The functions for memory, and what they count.

import CMosquitto
import CommonLibrary
import Glibc
import Testing

/// Alone, because other tests allocate too.
@Suite(.serialized) struct MemoryFunctionTests {
    @Test("Memory of this family and of malloc may be mixed, copies end with a NUL byte")
    func copies() {
        let copy = mosquitto_strdup("abc")
        #expect(copy.map { String(cString: $0) } == "abc")
        free(copy)
        let part = mosquitto_strndup("abc", 2)
        #expect(part.map { String(cString: $0) } == "ab")
        mosquitto_free(part)
        mosquitto_free(strdup("from malloc"))
        mosquitto_free(nil)
    }

    @Test("calloc clears, and refuses a size that overflows; realloc keeps the contents")
    func sizes() {
        let cleared = mosquitto_calloc(3, 5)
        #expect(UnsafeRawBufferPointer(start: cleared, count: 15).allSatisfy { $0 == 0 })
        cleared?.storeBytes(of: 0x2A, as: UInt8.self)
        let larger = mosquitto_realloc(cleared, 100_000)
        #expect(larger?.load(as: UInt8.self) == 0x2A)
        mosquitto_free(larger)
        #expect(mosquitto_calloc(Int.max, 2) == nil)
        let fresh = mosquitto_realloc(nil, 8)
        #expect(fresh != nil)
        mosquitto_free(fresh)
    }

    @Test("The account counts a large block, and the limit refuses one")
    func account() {
        let size = 64 << 20
        let before = mosquitto_memory_used()
        let block = mosquitto_malloc(size)
        #expect(mosquitto_memory_used() + 1_000_000 >= before + UInt(size))
        #expect(mosquitto_max_memory_used() + 1_000_000 >= UInt(size))
        mosquitto_free(block)
        #expect(mosquitto_memory_used() < before + UInt(size))
        mosquitto_memory_set_limit(32 << 20)
        defer { mosquitto_memory_set_limit(0) }
        #expect(mosquitto_malloc(size) == nil)
        #expect(mosquitto_calloc(1, size) == nil)
        #expect(mosquitto_realloc(nil, size) == nil)
    }
}
