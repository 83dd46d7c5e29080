// SPDX-License-Identifier: Apache-2.0
// A disk whose writes and syncs of the session log fail when a test wants it.

import Foundation
import Glibc
import TestSupport

/// A library to be loaded before all others, and a file that says what is to fail.
///
/// Only segments of the session log are concerned. The library is built with the system's compiler, as
/// that of plugins.
final class FaultyDisk {
    /// What fails from now on.
    enum Fault: String {
        case nothing = "0"
        /// Each write, with EIO.
        case writing = "w"
        /// Each sync, with EIO.
        case syncing = "s"
        /// The next sync, with EIO; the kernel tells of a page it could not write once.
        case oneSync = "1"
        /// Each write takes a third of what it is given, and some fail with EINTR.
        case short = "p"
    }

    private let directory: String

    init() throws {
        directory = try Broker.makeDirectory()
        try Self.source.write(toFile: directory + "/faults.c", atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(
            "/usr/bin/cc",
            ["-O1", "-shared", "-fPIC", directory + "/faults.c", "-o", directory + "/faults.so"]
        )
        guard outcome.status == 0 else { throw Mismatch("cc: \(outcome.errors)") }
        try set(.nothing)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// What a broker with this disk needs in its environment.
    var environment: [String: String] {
        ["LD_PRELOAD": directory + "/faults.so", "FAULTS": directory + "/fault"]
    }

    /// What happens from now on.
    func set(_ fault: Fault) throws {
        try fault.rawValue.write(toFile: directory + "/fault", atomically: true, encoding: .utf8)
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/uio.h>
        #include <unistd.h>

        static char fault(int descriptor)
        {
            char link[64], path[512] = "", letter = '0';
            snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
            ssize_t length = readlink(link, path, sizeof path - 1);
            if (length < 4 || !strstr(path, ".seg")) return '0';
            const char *name = getenv("FAULTS");
            int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return '0';
            if (read(file, &letter, 1) != 1) letter = '0';
            close(file);
            return letter;
        }

        ssize_t writev(int descriptor, const struct iovec *pieces, int count)
        {
            static ssize_t (*real)(int, const struct iovec *, int);
            static int turn;
            if (!real) *(void **)&real = dlsym(RTLD_NEXT, "writev");
            char letter = fault(descriptor);
            if (letter == 'w') { errno = EIO; return -1; }
            if (letter == 'p' && count > 0) {
                if (++turn % 3 == 0) { errno = EINTR; return -1; }
                struct iovec part = pieces[0];
                part.iov_len = (part.iov_len + 2) / 3;
                return real(descriptor, &part, 1);
            }
            return real(descriptor, pieces, count);
        }

        int fdatasync(int descriptor)
        {
            static int (*real)(int);
            if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
            char letter = fault(descriptor);
            if (letter == '1') {
                int file = open(getenv("FAULTS"), O_WRONLY | O_CLOEXEC);
                if (file >= 0) { (void)!write(file, "0", 1); close(file); }
            }
            if (letter == 's' || letter == '1') { errno = EIO; return -1; }
            return real(descriptor);
        }
        """#
}
