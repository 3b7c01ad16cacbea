/*
 * readCpuid(cpus: Uint32Array, queries: Uint32Array, cpuLimitMs: number, totalLimitMs: number)
 *   -> Promise<{ registers: Uint32Array, errors: Int32Array }>
 *
 * `queries` are pairs of leaf and subleaf. `registers` holds EAX, EBX, ECX, EDX for each query of each CPU, in order;
 * `errors` one errno for each CPU, 0 when all its registers were read on that CPU.
 *
 * Two threads: the reader binds itself to one CPU after the other; the job's thread watches it. On a CPU that a
 * real-time thread occupies the reader would wait for ever, so the watcher moves it away and the CPU gets ETIMEDOUT.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "affinity.h"
#include "job.h"
#include "prober.h"
#include "values.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

enum { MAX_QUERIES = 4096, MAX_LIMIT_MS = 60000 };
static const size_t MAX_ANSWERS = 4u * 1024 * 1024;

typedef struct {
  uint32_t leaf, subleaf;
} query;

typedef struct {
  uint32_t eax, ebx, ecx, edx;
} registers;

typedef struct {
  job base;
  uint32_t *cpus;
  size_t cpu_count;
  uint32_t *queries;
  size_t query_count;
  uint32_t cpu_limit_ms, total_limit_ms;
  registers *answers;
  int32_t *errors;
  /* Between the two threads. `finished` CPUs are done; the watcher lost patience with the CPU at `given_up`. */
  pthread_mutex_t lock;
  pthread_cond_t progress;
  size_t finished;
  size_t given_up;
  bool out_of_time;
} cpuid_job;

static int read_registers(const cpuid_job *self, registers *answers) {
#if defined(__x86_64__) || defined(__i386__)
  const query *queries = (const query *)self->queries;
  for (size_t i = 0; i < self->query_count; i++) {
    registers *r = &answers[i];
    __cpuid_count(queries[i].leaf, queries[i].subleaf, r->eax, r->ebx, r->ecx, r->edx);
  }
  return 0;
#else
  (void)self;
  (void)answers;
  return ENOSYS;
#endif
}

static int read_on_cpu(cpuid_job *self, size_t position) {
  uint32_t cpu = self->cpus[position];
  int error = bind_to_cpu(cpu);
  if (error == 0) error = read_registers(self, &self->answers[position * self->query_count]);
  /* A CPU taken offline meanwhile breaks the binding. */
  if (error == 0 && sched_getcpu() != (int)cpu) error = EAGAIN;
  return error;
}

static void *reader_main(void *argument) {
  cpuid_job *self = argument;
  for (size_t i = 0; i < self->cpu_count; i++) {
    pthread_mutex_lock(&self->lock);
    bool skip = self->out_of_time;
    pthread_mutex_unlock(&self->lock);

    int error = skip ? ETIMEDOUT : read_on_cpu(self, i);

    pthread_mutex_lock(&self->lock);
    self->errors[i] = self->given_up == i ? ETIMEDOUT : error;
    self->finished = i + 1;
    pthread_cond_signal(&self->progress);
    pthread_mutex_unlock(&self->lock);
  }
  return NULL;
}

static struct timespec in_ms(uint32_t ms) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += ms / 1000;
  at.tv_nsec += (long)(ms % 1000) * 1000000;
  if (at.tv_nsec >= 1000000000) {
    at.tv_sec++;
    at.tv_nsec -= 1000000000;
  }
  return at;
}

static bool is_past(struct timespec at) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec);
}

/* Waits until the reader is done with the CPU at `position` or the time limit has passed. The lock is held. */
static void wait_for_reader(cpuid_job *self, size_t position) {
  struct timespec limit = in_ms(self->cpu_limit_ms);
  int status = 0;
  while (self->finished == position && status != ETIMEDOUT)
    status = pthread_cond_timedwait(&self->progress, &self->lock, &limit);
}

/* Moves the reader away from each CPU that does not let it run in time; again, should it bind itself just afterwards. */
static void watch(cpuid_job *self, pthread_t reader, size_t set_bytes, const cpu_set_t *home) {
  struct timespec end = in_ms(self->total_limit_ms);
  pthread_mutex_lock(&self->lock);
  while (self->finished < self->cpu_count) {
    size_t position = self->finished;
    wait_for_reader(self, position);
    if (self->finished == position) {
      self->given_up = position;
      pthread_setaffinity_np(reader, set_bytes, home);
    }
    if (is_past(end)) self->out_of_time = true;
  }
  pthread_mutex_unlock(&self->lock);
}

static int read_and_watch(cpuid_job *self) {
  pthread_t reader;
  size_t set_bytes = CPU_ALLOC_SIZE(MAX_CPUS);
  cpu_set_t *home = CPU_ALLOC(MAX_CPUS);
  if (home == NULL) return ENOMEM;
  CPU_ZERO_S(set_bytes, home);
  int error = sched_getaffinity(0, set_bytes, home) == 0 ? 0 : errno;
  if (error == 0) error = pthread_create(&reader, NULL, reader_main, self);
  if (error == 0) {
    watch(self, reader, set_bytes, home);
    error = pthread_join(reader, NULL);
  }
  CPU_FREE(home);
  return error;
}

static void run(job *base) {
  cpuid_job *self = (cpuid_job *)base;
  pthread_condattr_t monotonic;
  base->failed_call = "readCpuid";
  self->answers = calloc(self->cpu_count * self->query_count + 1, sizeof *self->answers);
  self->errors = calloc(self->cpu_count + 1, sizeof *self->errors);
  if (self->answers == NULL || self->errors == NULL) {
    base->error = ENOMEM;
    return;
  }
  base->error = pthread_condattr_init(&monotonic);
  if (base->error != 0) return;
  base->error = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  if (base->error == 0) base->error = pthread_cond_init(&self->progress, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (base->error != 0) return;
  base->error = pthread_mutex_init(&self->lock, NULL);
  if (base->error == 0) {
    base->error = read_and_watch(self);
    pthread_mutex_destroy(&self->lock);
  }
  pthread_cond_destroy(&self->progress);
}

static napi_value result(napi_env env, job *base) {
  cpuid_job *self = (cpuid_job *)base;
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok) return NULL;
  size_t register_count = self->cpu_count * self->query_count * 4;
  if (!set_value(env, object, "registers", new_uint32s(env, (const uint32_t *)self->answers, register_count)))
    return NULL;
  if (!set_value(env, object, "errors", new_int32s(env, self->errors, self->cpu_count))) return NULL;
  return object;
}

static void dispose(job *base) {
  cpuid_job *self = (cpuid_job *)base;
  free(self->cpus);
  free(self->queries);
  free(self->answers);
  free(self->errors);
  free(self);
}

static bool get_request(napi_env env, napi_callback_info info, cpuid_job *self) {
  napi_value arguments[4];
  size_t words;
  if (!get_arguments(env, info, 4, arguments)) return false;
  if (!get_uint32s(env, arguments[0], "cpus", MAX_CPUS, &self->cpus, &self->cpu_count)) return false;
  if (!get_uint32s(env, arguments[1], "queries", MAX_QUERIES * 2, &self->queries, &words)) return false;
  self->query_count = words / 2;
  if (words % 2 != 0 || self->cpu_count * self->query_count > MAX_ANSWERS) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "queries: expected pairs of leaf and subleaf, not too many");
    return false;
  }
  return get_uint(env, arguments[2], "cpuLimitMs", MAX_LIMIT_MS, &self->cpu_limit_ms) &&
         get_uint(env, arguments[3], "totalLimitMs", MAX_LIMIT_MS, &self->total_limit_ms);
}

napi_value read_cpuid(napi_env env, napi_callback_info info) {
  cpuid_job *self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->base = (job){.run = run, .result = result, .dispose = dispose, .slow_fd = -1};
  self->given_up = SIZE_MAX;
  if (!get_request(env, info, self)) {
    dispose(&self->base);
    return NULL;
  }
  return job_start(env, &self->base);
}
