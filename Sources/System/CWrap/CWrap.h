/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of /etc/hosts.allow and /etc/hosts.deny with libwrap. */
#ifndef CWRAP_H
#define CWRAP_H
#include <syslog.h>
#include <tcpd.h>

/* Its functions for requests are variadic, which Swift does not call. Nothing here is thread-safe.
   A program that stays must say so: else a rule with "twist" would put another in its place. */
static inline int cwrap_allows(int descriptor, const char *daemon)
{
    struct request_info request;

    resident = 1;
    if (allow_severity == 0) {
        allow_severity = LOG_INFO;
        deny_severity = LOG_INFO;
    }
    request_init(&request, RQ_DAEMON, daemon, RQ_FILE, descriptor, 0);
    fromhost(&request);
    return hosts_access(&request);
}
#endif
