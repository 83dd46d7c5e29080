/* SPDX-License-Identifier: Apache-2.0 */
/* Places per thread, and opening libraries. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "HostShims.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

struct broker_thread_slot *broker_thread_slot(void)
{
    static _Thread_local struct broker_thread_slot slot;
    static _Atomic uint32_t threads;

    if (slot.index == 0) {
        slot.index = atomic_fetch_add(&threads, 1) + 1;
    }
    return &slot;
}

struct broker_refusal *broker_refusal(void)
{
    static _Thread_local struct broker_refusal refusal;

    return &refusal;
}

bool broker_may_bind_own_first(void)
{
    static const char *const signs[] = {"__asan_init", "__tsan_init", "__msan_init", "__ubsan_on_report"};
    Dl_info info;
    void *allocator = dlsym(RTLD_DEFAULT, "malloc");

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (dlsym(RTLD_DEFAULT, signs[i]) != NULL) {
            return false;
        }
    }
    if (allocator == NULL || dladdr(allocator, &info) == 0 || info.dli_fname == NULL) {
        return false;
    }
    const char *name = strrchr(info.dli_fname, '/');
    name = name != NULL ? name + 1 : info.dli_fname;
    return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0
        || strncmp(name, "ld-musl", 7) == 0;
}

void *broker_open_library(const char *path, enum broker_symbols symbols)
{
    int flags = RTLD_NOW | (symbols == BROKER_SYMBOLS_LOCAL ? RTLD_LOCAL : RTLD_GLOBAL);

#ifdef RTLD_DEEPBIND
    if (symbols == BROKER_SYMBOLS_OWN_FIRST && broker_may_bind_own_first()) {
        flags |= RTLD_DEEPBIND;
    }
#endif
    return dlopen(path, flags);
}
