/*
 * Preloaded into QEMU by the tests of the guest CPUID: writes down what is handed to KVM_SET_CPUID2, one vCPU after
 * another, and passes it on. A line is "leaf subleaf flags eax ebx ecx edx", in hex; "vcpu" begins another vCPU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void record(const struct kvm_cpuid2 *cpuid)
{
    const char *path = getenv("CPU_ATLAS_CPUID_RECORD");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;

    if (fd < 0)
        return;
    dprintf(fd, "vcpu\n");
    for (unsigned i = 0; i < cpuid->nent; i++) {
        const struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
        dprintf(fd, "%x %x %x %x %x %x %x\n", e->function, e->index, e->flags, e->eax, e->ebx, e->ecx, e->edx);
    }
    close(fd);
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    if (request == KVM_SET_CPUID2)
        record(argument);
    return (int)syscall(SYS_ioctl, fd, request, argument);
}
