// SPDX-License-Identifier: Apache-2.0
// The addresses of a host name.

import Glibc

/// The socket addresses of a host name.
struct Addresses {
    /// One socket address of any family.
    struct Address {
        let family: CInt
        private let bytes: [UInt8]

        fileprivate init(family: CInt, bytes: [UInt8]) {
            self.family = family
            self.bytes = bytes
        }

        /// Copies the address of a Unix domain socket.
        init(copying address: sockaddr_un) {
            self.init(family: AF_UNIX, bytes: withUnsafeBytes(of: address) { Array($0) })
        }

        /// Lends the address to a system call.
        func withPointer(
            _ body: (UnsafePointer<sockaddr>, socklen_t) throws(ClientError) -> Void
        ) throws(ClientError) {
            var storage = sockaddr_storage()
            withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: bytes) }
            let length = socklen_t(bytes.count)
            let result = withUnsafePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    Result { () throws(ClientError) in try body(address, length) }
                }
            }
            try result.get()
        }
    }

    let all: [Address]

    /// Resolves `host`, which may be a name or an address in numbers.
    init(host: String, port: UInt16) throws(ClientError) {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { throw .lookup(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [Address] = []
        var next = list
        while let entry = next {
            let bytes = UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr,
                count: Int(entry.pointee.ai_addrlen)
            )
            found.append(Address(family: entry.pointee.ai_family, bytes: Array(bytes)))
            next = entry.pointee.ai_next
        }
        all = found
    }
}
