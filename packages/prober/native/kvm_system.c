/*
 * readKvmSystem(device: string, cpu: number | null, extensionCount: number, attributes: Uint32Array)
 *   -> Promise<{ apiVersion, supportedCpuid, emulatedCpuid, msrIndices, featureMsrIndices, featureMsrStatus,
 *                featureMsrValues, extensions, attributeStatus, attributeValues, mceStatus, mceCapabilities }>
 *
 * What the system descriptor of KVM says. CPUID lists are seven words an entry: function, index, flags, EAX … EDX; a
 * list that could not be read is a negative errno instead. `attributes` are pairs of group and attribute. A status is
 * the ioctl's result or a negative errno. Runs bound to `cpu`, as KVM writes that CPU's APIC id into some entries.
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

enum { FIRST_CPUID_ENTRIES = 256, MAX_MSRS = 16384, MAX_ATTRIBUTES = 64 };

/* A list, or the reason why there is none. */
typedef struct {
  uint32_t *words;
  size_t count;
  int error;
} list;

typedef struct {
  job base;
  char device[MAX_PATH_BYTES];
  int32_t cpu;
  uint32_t *attributes;
  size_t attribute_count;
  uint32_t extension_count;
  int32_t api_version;
  list supported, emulated, msrs, feature_msrs;
  int32_t *feature_status;
  uint64_t *feature_values;
  int32_t *extensions;
  int32_t *attribute_status;
  uint64_t *attribute_values;
  int32_t mce_status;
  uint64_t mce_capabilities;
} system_job;

static list failed_list(int error) { return (list){.error = error}; }

/* The kernel answers E2BIG until there is room; the list grows up to MAX_CPUID_ENTRIES. */
static list read_cpuid_list(int fd, unsigned long request) {
  for (size_t room = FIRST_CPUID_ENTRIES; room <= MAX_CPUID_ENTRIES; room *= 2) {
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof *cpuid + room * sizeof cpuid->entries[0]);
    if (cpuid == NULL) return failed_list(ENOMEM);
    cpuid->nent = (uint32_t)room;
    int64_t status = call_ioctl(fd, request, (uintptr_t)cpuid);
    if (status < 0 || cpuid->nent > room) {
      free(cpuid);
      if (status == -E2BIG) continue;
      return failed_list(status < 0 ? (int)-status : EPROTO);
    }
    list out = {.count = (size_t)cpuid->nent * CPUID_ENTRY_WORDS};
    out.words = malloc((out.count + 1) * sizeof *out.words);
    if (out.words == NULL) out.error = ENOMEM;
    for (size_t i = 0; out.words != NULL && i < cpuid->nent; i++) {
      const struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
      const uint32_t words[CPUID_ENTRY_WORDS] = {e->function, e->index, e->flags, e->eax, e->ebx, e->ecx, e->edx};
      memcpy(&out.words[i * CPUID_ENTRY_WORDS], words, sizeof words);
    }
    free(cpuid);
    return out;
  }
  return failed_list(E2BIG);
}

/* Asked with no room, the kernel answers E2BIG and the length. */
static list read_msr_list(int fd, unsigned long request) {
  struct kvm_msr_list empty = {.nmsrs = 0};
  int64_t status = call_ioctl(fd, request, (uintptr_t)&empty);
  if (status < 0 && status != -E2BIG) return failed_list((int)-status);
  if (empty.nmsrs > MAX_MSRS) return failed_list(E2BIG);
  struct kvm_msr_list *msrs = calloc(1, sizeof *msrs + (empty.nmsrs + 1) * sizeof msrs->indices[0]);
  if (msrs == NULL) return failed_list(ENOMEM);
  msrs->nmsrs = empty.nmsrs;
  status = call_ioctl(fd, request, (uintptr_t)msrs);
  if (status < 0 || msrs->nmsrs > empty.nmsrs) {
    free(msrs);
    return failed_list(status < 0 ? (int)-status : EPROTO);
  }
  list out = {.count = msrs->nmsrs, .words = malloc((msrs->nmsrs + 1) * sizeof *out.words)};
  if (out.words == NULL) out.error = ENOMEM;
  else memcpy(out.words, msrs->indices, out.count * sizeof *out.words);
  free(msrs);
  return out;
}

/* One MSR a call, so that one that cannot be read does not hide the others. */
static int32_t read_feature_msr(int fd, uint32_t index, uint64_t *value) {
  struct {
    struct kvm_msrs header;
    struct kvm_msr_entry entry;
  } request;
  memset(&request, 0, sizeof request);
  request.header.nmsrs = 1;
  request.entry.index = index;
  int32_t status = (int32_t)call_ioctl(fd, KVM_GET_MSRS, (uintptr_t)&request);
  *value = request.entry.data;
  return status;
}

static bool read_feature_msrs(system_job *self, int fd) {
  self->feature_msrs = read_msr_list(fd, KVM_GET_MSR_FEATURE_INDEX_LIST);
  size_t count = self->feature_msrs.count;
  self->feature_status = calloc(count + 1, sizeof *self->feature_status);
  self->feature_values = calloc(count + 1, sizeof *self->feature_values);
  if (self->feature_status == NULL || self->feature_values == NULL) return false;
  for (size_t i = 0; i < count && self->feature_msrs.error == 0; i++)
    self->feature_status[i] = read_feature_msr(fd, self->feature_msrs.words[i], &self->feature_values[i]);
  return true;
}

static bool read_attributes(system_job *self, int fd) {
  self->attribute_status = calloc(self->attribute_count + 1, sizeof *self->attribute_status);
  self->attribute_values = calloc(self->attribute_count + 1, sizeof *self->attribute_values);
  if (self->attribute_status == NULL || self->attribute_values == NULL) return false;
  for (size_t i = 0; i < self->attribute_count; i++) {
    struct kvm_device_attr attribute = {
        .group = self->attributes[i * 2],
        .attr = self->attributes[i * 2 + 1],
        .addr = (uintptr_t)&self->attribute_values[i],
    };
    self->attribute_status[i] = (int32_t)call_ioctl(fd, KVM_GET_DEVICE_ATTR, (uintptr_t)&attribute);
  }
  return true;
}

static int read_all(system_job *self, int fd) {
  self->api_version = (int32_t)call_ioctl(fd, KVM_GET_API_VERSION, 0);
  self->supported = read_cpuid_list(fd, KVM_GET_SUPPORTED_CPUID);
  self->emulated = read_cpuid_list(fd, KVM_GET_EMULATED_CPUID);
  self->msrs = read_msr_list(fd, KVM_GET_MSR_INDEX_LIST);
  self->extensions = calloc(self->extension_count + 1, sizeof *self->extensions);
  if (self->extensions == NULL || !read_feature_msrs(self, fd) || !read_attributes(self, fd)) return ENOMEM;
  check_extensions(fd, self->extensions, self->extension_count);
  self->mce_status = (int32_t)call_ioctl(fd, KVM_X86_GET_MCE_CAP_SUPPORTED, (uintptr_t)&self->mce_capabilities);
  return 0;
}

static void run(job *base) {
  system_job *self = (system_job *)base;
  base->failed_call = "open";
  int fd = open_kvm_on_cpu(self->device, self->cpu);
  if (fd < 0) {
    base->error = -fd;
    return;
  }
  base->failed_call = "read";
  base->error = read_all(self, fd);
  close(fd);
}

static bool set_list(napi_env env, napi_value object, const char *name, const list *items) {
  if (items->error != 0) return set_int(env, object, name, -items->error);
  return set_value(env, object, name, new_uint32s(env, items->words, items->count));
}

static napi_value result(napi_env env, job *base) {
  system_job *self = (system_job *)base;
  size_t msrs = self->feature_msrs.count, attributes = self->attribute_count;
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  bool complete =
      set_int(env, object, "apiVersion", self->api_version) &&
      set_list(env, object, "supportedCpuid", &self->supported) &&
      set_list(env, object, "emulatedCpuid", &self->emulated) &&
      set_list(env, object, "msrIndices", &self->msrs) &&
      set_list(env, object, "featureMsrIndices", &self->feature_msrs) &&
      set_value(env, object, "featureMsrStatus", new_int32s(env, self->feature_status, msrs)) &&
      set_value(env, object, "featureMsrValues", new_uint64s(env, self->feature_values, msrs)) &&
      set_value(env, object, "extensions", new_int32s(env, self->extensions, self->extension_count)) &&
      set_value(env, object, "attributeStatus", new_int32s(env, self->attribute_status, attributes)) &&
      set_value(env, object, "attributeValues", new_uint64s(env, self->attribute_values, attributes)) &&
      set_int(env, object, "mceStatus", self->mce_status) &&
      set_value(env, object, "mceCapabilities", new_uint64s(env, &self->mce_capabilities, 1));
  return complete ? object : NULL;
}

static void dispose(job *base) {
  system_job *self = (system_job *)base;
  void *owned[] = {self->attributes,         self->supported.words, self->emulated.words,    self->msrs.words,
                   self->feature_msrs.words, self->feature_status,  self->feature_values,    self->extensions,
                   self->attribute_status,   self->attribute_values};
  for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) free(owned[i]);
  free(self);
}

static bool get_request(napi_env env, napi_callback_info info, system_job *self) {
  napi_value arguments[4];
  size_t words;
  if (!get_arguments(env, info, 4, arguments)) return false;
  if (!get_text(env, arguments[0], "device", self->device, sizeof self->device)) return false;
  if (!get_cpu_or_null(env, arguments[1], &self->cpu)) return false;
  if (!get_uint(env, arguments[2], "extensionCount", MAX_EXTENSIONS, &self->extension_count)) return false;
  if (!get_uint32s(env, arguments[3], "attributes", MAX_ATTRIBUTES * 2, &self->attributes, &words)) return false;
  self->attribute_count = words / 2;
  return true;
}

napi_value read_kvm_system(napi_env env, napi_callback_info info) {
  system_job *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->base = (job){.run = run, .result = result, .dispose = dispose, .slow_fd = -1};
  if (!get_request(env, info, self)) {
    dispose(&self->base);
    return NULL;
  }
  return job_start(env, &self->base);
}
