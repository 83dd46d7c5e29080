/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a broker: how long does its log take to write and sync, and how often?
 *   cc -O2 -shared -fPIC Benchmarks/load/cycles.c -o cycles.so
 *   CYCLES=FILE LD_PRELOAD=./cycles.so mosquitto -c FILE
 * appends to FILE 16 bytes for each fdatasync: nanoseconds since the writev before it on the same thread has begun, and the bytes
 * that it has written, both as 64 bits.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fdatasync)(int);
static int file = -1;
static __thread int64_t began;
static __thread int64_t written;

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

__attribute__((constructor)) static void start(void)
{
    const char *name = getenv("CYCLES");

    real_writev = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (name) file = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
    int64_t at = now();
    ssize_t result = real_writev(descriptor, pieces, count);

    if (began == 0) began = at;
    if (result > 0) written += result;
    return result;
}

int fdatasync(int descriptor)
{
    int result = real_fdatasync(descriptor);

    if (began != 0 && file >= 0) {
        int64_t row[2] = {now() - began, written};
        if (write(file, row, sizeof row) != sizeof row) abort();
    }
    began = written = 0;
    return result;
}
