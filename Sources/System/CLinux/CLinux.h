/* SPDX-License-Identifier: Apache-2.0 */
/* Linux system calls the Glibc module does not carry. */
#ifndef CLINUX_H
#define CLINUX_H
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/resource.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <syslog.h>
#include <pwd.h>
#include <grp.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>
#include <malloc.h>
#include <time.h>

/*
 * Declared here instead of by _GNU_SOURCE: that macro changes types of headers which the Glibc module
 * reads without it, and the compiler refuses two definitions of one type.
 */
#ifndef _GNU_SOURCE
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern int pipe2(int descriptors[2], int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
extern void *memmem(const void *bytes, size_t count, const void *wanted, size_t wanted_count);
#endif
#endif
