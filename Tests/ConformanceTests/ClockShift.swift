// SPDX-License-Identifier: Apache-2.0
// A wall clock that a test sets.

import Foundation
import TestSupport

/// A wall clock beside the real one, for one broker after the other.
///
/// The clock that never goes back is left alone.
final class ClockShift {
    private let library: PreloadedLibrary
    private var file: String { library.directory + "/shift" }

    init() throws {
        library = try PreloadedLibrary(Self.source)
        try Data(count: 8).write(to: URL(fileURLWithPath: file))
    }

    /// What a broker with this clock needs in its environment.
    var environment: [String: String] {
        library.environment.merging(["CLOCK_SHIFT": file]) { $1 }
    }

    /// So many seconds it is ahead from now on; negative: behind.
    func set(_ seconds: Int64) throws {
        // In place: brokers have it mapped.
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: seconds) { Data($0) })
        try handle.close()
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile int64_t *shift;

        __attribute__((constructor)) static void begin(void)
        {
            const char *name = getenv("CLOCK_SHIFT");
            int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *memory = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
            if (memory != MAP_FAILED) shift = memory;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *result)
        {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
            int outcome = real(clock, result);
            int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
            if (outcome == 0 && is_wall && shift) result->tv_sec += *shift;
            return outcome;
        }

        int gettimeofday(struct timeval *restrict result, void *restrict zone)
        {
            (void)zone;
            struct timespec now;
            int outcome = clock_gettime(CLOCK_REALTIME, &now);
            result->tv_sec = now.tv_sec;
            result->tv_usec = now.tv_nsec / 1000;
            return outcome;
        }

        time_t time(time_t *result)
        {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """#
}
