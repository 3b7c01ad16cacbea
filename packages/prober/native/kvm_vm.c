/*
 * tryKvmVm(device: string, cpu: number | null, extensionCount: number, cpuid: Uint32Array,
 *          msrIndices: Uint32Array, msrValues: BigUint64Array)
 *   -> Promise<{ createVm, createIrqchip, createVcpu, tscKhz, setCpuid, extensions, setMsrs }>
 *
 * Makes a VM with an in-kernel interrupt controller and one vCPU that never runs, gives it `cpuid` (seven words an
 * entry, as readKvmSystem returns them) and tries to write each MSR. Each answer is the ioctl's result or a negative
 * errno; a step that was not reached is -ECANCELED. KVM_SET_MSRS answers 1 when it took the value and 0 when it
 * refused it. The VM is gone some milliseconds after the promise settles; all else before.
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "kvm_fd.h"
#include "prober.h"
#include "values.h"

enum { MAX_MSR_WRITES = 256 };

typedef struct {
  job base;
  char device[MAX_PATH_BYTES];
  int32_t cpu;
  uint32_t extension_count;
  uint32_t *cpuid_words;
  size_t cpuid_count;
  uint32_t *msr_indices;
  uint64_t *msr_values;
  size_t msr_count;
  int32_t create_vm, create_irqchip, create_vcpu, tsc_khz, set_cpuid;
  int32_t *extensions;
  int32_t *set_msrs;
} vm_job;

static int32_t set_cpuid(const vm_job *self, int vcpu) {
  struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + (self->cpuid_count + 1) * sizeof cpuid->entries[0]);
  if (cpuid == NULL) return -ENOMEM;
  cpuid->nent = (uint32_t)self->cpuid_count;
  for (size_t i = 0; i < self->cpuid_count; i++) {
    const uint32_t *w = &self->cpuid_words[i * CPUID_ENTRY_WORDS];
    cpuid->entries[i] = (struct kvm_cpuid_entry2){
        .function = w[0], .index = w[1], .flags = w[2], .eax = w[3], .ebx = w[4], .ecx = w[5], .edx = w[6]};
  }
  int32_t status = (int32_t)call_ioctl(vcpu, KVM_SET_CPUID2, (uintptr_t)cpuid);
  free(cpuid);
  return status;
}

static int32_t set_msr(int vcpu, uint32_t index, uint64_t value) {
  struct {
    struct kvm_msrs header;
    struct kvm_msr_entry entry;
  } request;
  memset(&request, 0, sizeof request);
  request.header.nmsrs = 1;
  request.entry.index = index;
  request.entry.data = value;
  return (int32_t)call_ioctl(vcpu, KVM_SET_MSRS, (uintptr_t)&request);
}

static void try_vcpu(vm_job *self, int vcpu) {
  self->tsc_khz = (int32_t)call_ioctl(vcpu, KVM_GET_TSC_KHZ, 0);
  self->set_cpuid = set_cpuid(self, vcpu);
  if (self->set_cpuid < 0) return;
  for (size_t i = 0; i < self->msr_count; i++)
    self->set_msrs[i] = set_msr(vcpu, self->msr_indices[i], self->msr_values[i]);
}

static void try_vm(vm_job *self, int vm) {
  check_extensions(vm, self->extensions, self->extension_count);
  self->create_irqchip = (int32_t)call_ioctl(vm, KVM_CREATE_IRQCHIP, 0);
  int vcpu = (int)call_ioctl(vm, KVM_CREATE_VCPU, 0);
  self->create_vcpu = vcpu < 0 ? vcpu : 0;
  if (vcpu < 0) return;
  try_vcpu(self, vcpu);
  close(vcpu);
}

static bool prepare(vm_job *self) {
  self->create_vm = self->create_irqchip = self->create_vcpu = self->tsc_khz = self->set_cpuid = -ECANCELED;
  self->extensions = calloc(self->extension_count + 1, sizeof *self->extensions);
  self->set_msrs = calloc(self->msr_count + 1, sizeof *self->set_msrs);
  if (self->extensions == NULL || self->set_msrs == NULL) return false;
  for (size_t i = 0; i < self->extension_count; i++) self->extensions[i] = -ECANCELED;
  for (size_t i = 0; i < self->msr_count; i++) self->set_msrs[i] = -ECANCELED;
  return true;
}

static void run(job *base) {
  vm_job *self = (vm_job *)base;
  base->failed_call = "prepare";
  base->error = prepare(self) ? 0 : ENOMEM;
  if (base->error != 0) return;
  base->failed_call = "open";
  int kvm = open_kvm_on_cpu(self->device, self->cpu);
  if (kvm < 0) {
    base->error = -kvm;
    return;
  }
  int vm = (int)call_ioctl(kvm, KVM_CREATE_VM, 0);
  self->create_vm = vm < 0 ? vm : 0;
  if (vm >= 0) try_vm(self, vm);
  /* The last descriptor of a VM waits for every CPU of the host (RCU): 15 ms and more. */
  base->slow_fd = vm;
  close(kvm);
}

static napi_value result(napi_env env, job *base) {
  vm_job *self = (vm_job *)base;
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  bool complete = set_int(env, object, "createVm", self->create_vm) &&
                  set_int(env, object, "createIrqchip", self->create_irqchip) &&
                  set_int(env, object, "createVcpu", self->create_vcpu) &&
                  set_int(env, object, "tscKhz", self->tsc_khz) &&
                  set_int(env, object, "setCpuid", self->set_cpuid) &&
                  set_value(env, object, "extensions", new_int32s(env, self->extensions, self->extension_count)) &&
                  set_value(env, object, "setMsrs", new_int32s(env, self->set_msrs, self->msr_count));
  return complete ? object : NULL;
}

static void dispose(job *base) {
  vm_job *self = (vm_job *)base;
  free(self->cpuid_words);
  free(self->msr_indices);
  free(self->msr_values);
  free(self->extensions);
  free(self->set_msrs);
  free(self);
}

static bool get_request(napi_env env, napi_callback_info info, vm_job *self) {
  napi_value arguments[6];
  size_t words, values;
  if (!get_arguments(env, info, 6, arguments)) return false;
  if (!get_text(env, arguments[0], "device", self->device, sizeof self->device)) return false;
  if (!get_cpu_or_null(env, arguments[1], &self->cpu)) return false;
  if (!get_uint(env, arguments[2], "extensionCount", MAX_EXTENSIONS, &self->extension_count)) return false;
  if (!get_uint32s(env, arguments[3], "cpuid", MAX_CPUID_ENTRIES * CPUID_ENTRY_WORDS, &self->cpuid_words, &words))
    return false;
  if (!get_uint32s(env, arguments[4], "msrIndices", MAX_MSR_WRITES, &self->msr_indices, &self->msr_count)) return false;
  if (!get_uint64s(env, arguments[5], "msrValues", MAX_MSR_WRITES, &self->msr_values, &values)) return false;
  self->cpuid_count = words / CPUID_ENTRY_WORDS;
  if (words % CPUID_ENTRY_WORDS != 0 || values != self->msr_count) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "cpuid or MSR lists of uneven length");
    return false;
  }
  return true;
}

napi_value try_kvm_vm(napi_env env, napi_callback_info info) {
  vm_job *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->base = (job){.run = run, .result = result, .dispose = dispose, .slow_fd = -1};
  if (!get_request(env, info, self)) {
    dispose(&self->base);
    return NULL;
  }
  return job_start(env, &self->base);
}
