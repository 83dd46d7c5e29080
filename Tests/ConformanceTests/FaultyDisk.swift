// SPDX-License-Identifier: Apache-2.0
// A disk whose writes and syncs of the session log fail when a test wants it.

import Foundation
import Glibc
import TestSupport

/// A library to be loaded before all others, and a file that says what is to fail.
///
/// Only segments of the session log are concerned.
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
        /// Each write, and making a file, with EROFS, as after an error that the file system does not
        /// stand.
        case readOnly = "r"
        /// Each sync, with EIO, and making a file, with EACCES: the new one that is needed then.
        case denied = "d"
        /// Each write takes a third of what it is given, and some fail with EINTR.
        case short = "p"
    }

    private let library: PreloadedLibrary
    private var file: String { library.directory + "/fault" }

    init() throws {
        library = try PreloadedLibrary(Self.source)
        try set(.nothing)
    }

    /// What a broker with this disk needs in its environment.
    var environment: [String: String] { library.environment.merging(["FAULTS": file]) { $1 } }

    /// What happens from now on.
    func set(_ fault: Fault) throws {
        try fault.rawValue.write(toFile: file, atomically: true, encoding: .utf8)
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/uio.h>
        #include <unistd.h>

        static int real_open(const char *path, int flags, mode_t mode)
        {
            static int (*real)(const char *, int, ...);
            if (!real) *(void **)&real = dlsym(RTLD_NEXT, "open64");
            return real(path, flags, mode);
        }

        static char letter(void)
        {
            char letter = '0';
            const char *name = getenv("FAULTS");
            int file = name ? real_open(name, O_RDONLY | O_CLOEXEC, 0) : -1;
            if (file < 0) return '0';
            if (read(file, &letter, 1) != 1) letter = '0';
            close(file);
            return letter;
        }

        static char fault(int descriptor)
        {
            char link[64], path[512] = "";
            snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
            ssize_t length = readlink(link, path, sizeof path - 1);
            return length < 4 || !strstr(path, ".seg") ? '0' : letter();
        }

        static int open_or_fail(const char *path, int flags, va_list more)
        {
            mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
            if (flags & O_CREAT && strstr(path, ".seg")) {
                char fault = letter();
                if (fault == 'r' || fault == 'd') {
                    errno = fault == 'r' ? EROFS : EACCES;
                    return -1;
                }
            }
            return real_open(path, flags, mode);
        }

        int open(const char *path, int flags, ...)
        {
            va_list more;
            va_start(more, flags);
            int descriptor = open_or_fail(path, flags, more);
            va_end(more);
            return descriptor;
        }

        int open64(const char *path, int flags, ...)
        {
            va_list more;
            va_start(more, flags);
            int descriptor = open_or_fail(path, flags, more);
            va_end(more);
            return descriptor;
        }

        ssize_t writev(int descriptor, const struct iovec *pieces, int count)
        {
            static ssize_t (*real)(int, const struct iovec *, int);
            static int turn;
            if (!real) *(void **)&real = dlsym(RTLD_NEXT, "writev");
            char letter = fault(descriptor);
            if (letter == 'w') { errno = EIO; return -1; }
            if (letter == 'r') { errno = EROFS; return -1; }
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
                int file = real_open(getenv("FAULTS"), O_WRONLY | O_CLOEXEC, 0);
                if (file >= 0) { (void)!write(file, "0", 1); close(file); }
            }
            if (letter == 's' || letter == '1' || letter == 'd') { errno = EIO; return -1; }
            return real(descriptor);
        }
        """#
}
