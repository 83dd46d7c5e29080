// SPDX-License-Identifier: Apache-2.0
// A small SOCKS5 proxy in a process of its own.

import Foundation
import TestSupport

/// A small SOCKS5 proxy in a process of its own.
final class SOCKSProxyProcess: Sendable {
    let port: Int
    private let process: ChildProcess

    init(login: String) throws {
        process = try ChildProcess("/usr/bin/env", ["python3", "-c", Self.program, login])
        guard let line = process.output.wait(seconds: 10, where: { _ in true }),
            let port = Int(line)
        else { throw Mismatch("no proxy: \(process.errors.text)") }
        self.port = port
    }

    deinit { process.signal(9) }

    private static let program = """
        import socket, sys, threading
        login = sys.argv[1]
        server = socket.create_server(('127.0.0.1', 0))
        print(server.getsockname()[1], flush=True)
        def relay(a, b):
            while data := a.recv(65536): b.sendall(data)
            b.close()
        def serve(c):
            c.recv(2 + 1)
            c.sendall(b'\\x05' + (b'\\x02' if login else b'\\x00'))
            if login:
                request = c.recv(600)
                n = request[1]
                said = request[2:2 + n] + b':' + request[3 + n:]
                c.sendall(b'\\x01' + (b'\\x00' if said == login.encode() else b'\\x01'))
                if said != login.encode(): return c.close()
            request = c.recv(600)
            name = request[5:5 + request[4]].decode()
            port = int.from_bytes(request[-2:], 'big')
            try: target = socket.create_connection((name, port))
            except OSError: c.sendall(bytes([5, 4, 0, 1] + [0] * 6)); return c.close()
            c.sendall(bytes([5, 0, 0, 3, 4]) + b'name' + bytes(2))
            threading.Thread(target=relay, args=(c, target)).start()
            relay(target, c)
        while True: threading.Thread(target=serve, args=(server.accept()[0],)).start()
        """
}
