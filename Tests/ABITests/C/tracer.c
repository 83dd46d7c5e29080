/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a process as a debugger does: tracer PROCESS SECONDS stops it for so long and lets it go. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words)
{
    pid_t process = count == 3 ? atoi(words[1]) : 0;

    if (process <= 0 || ptrace(PTRACE_ATTACH, process, NULL, NULL) != 0) {
        perror("ptrace");
        return 1;
    }
    waitpid(process, NULL, __WALL);
    puts("attached");
    fflush(stdout);
    usleep((useconds_t)(1000000 * atof(words[2])));
    return ptrace(PTRACE_DETACH, process, NULL, NULL) != 0;
}
