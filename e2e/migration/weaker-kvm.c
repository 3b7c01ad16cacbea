/*
 * Preloaded into QEMU by the tests of live migration: the KVM of this machine with some CPUID bits taken away, as an older
 * kernel or CPU would offer it. CPU_ATLAS_WITHOUT holds "leaf subleaf eax ebx ecx edx" in hex, one entry a line: the
 * bits that are cleared.
 */
#define _GNU_SOURCE
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void weaken(struct kvm_cpuid2 *cpuid)
{
    const char *line = getenv("CPU_ATLAS_WITHOUT");

    for (; line != NULL && *line != '\0'; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned leaf, subleaf, eax, ebx, ecx, edx;

        if (sscanf(line, "%x %x %x %x %x %x", &leaf, &subleaf, &eax, &ebx, &ecx, &edx) != 6)
            continue;
        for (unsigned i = 0; i < cpuid->nent; i++) {
            struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
            if (e->function != leaf || e->index != subleaf)
                continue;
            e->eax &= ~eax;
            e->ebx &= ~ebx;
            e->ecx &= ~ecx;
            e->edx &= ~edx;
        }
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    void *argument;
    int result;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    result = (int)syscall(SYS_ioctl, fd, request, argument);
    /* QEMU hands requests on as int, so that this one arrives with its sign extended. */
    if ((unsigned)request == (unsigned)KVM_GET_SUPPORTED_CPUID && result == 0)
        weaken(argument);
    return result;
}
