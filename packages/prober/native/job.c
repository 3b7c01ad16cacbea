#include "job.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "values.h"

/* Jobs that hang keep their thread; this bounds how many threads a sick machine can cost. */
enum { MAX_RUNNING_JOBS = 64, STACK_BYTES = 512 * 1024 };

static atomic_int running_jobs;

/*
 * The way from a job's thread back to one JavaScript environment. Node frees a thread-safe function when its
 * environment ends, whoever still holds it: the lock and `is_closed` keep late threads away from it.
 */
typedef struct channel {
  pthread_mutex_t lock;
  bool is_closed;
  napi_threadsafe_function done;
  /* The environment and each running job hold one. */
  atomic_int holders;
} channel;

static void channel_release(channel *self) {
  if (atomic_fetch_sub(&self->holders, 1) > 1) return;
  pthread_mutex_destroy(&self->lock);
  free(self);
}

/* Runs before Node frees the thread-safe function: hooks run in the reverse order of their registration. */
static void channel_close(void *argument) {
  channel *self = argument;
  pthread_mutex_lock(&self->lock);
  self->is_closed = true;
  pthread_mutex_unlock(&self->lock);
  channel_release(self);
}

static napi_value make_error(napi_env env, const job *self) {
  const char *call = self->failed_call != NULL ? self->failed_call : "native";
  napi_value message, error;
  if (napi_create_string_utf8(env, call, NAPI_AUTO_LENGTH, &message) != napi_ok) return NULL;
  if (napi_create_error(env, NULL, message, &error) != napi_ok) return NULL;
  if (!set_int(env, error, "errno", self->error)) return NULL;
  if (napi_set_named_property(env, error, "syscall", message) != napi_ok) return NULL;
  return error;
}

/* Settles the promise and frees the job. `env` is NULL when JavaScript is being torn down. */
static void settle(napi_env env, job *self) {
  if (env != NULL) {
    napi_value result = self->error == 0 ? self->result(env, self) : NULL;
    if (result != NULL) {
      napi_resolve_deferred(env, self->deferred, result);
    } else {
      if (self->error == 0) self->error = ENOMEM;
      napi_value error = make_error(env, self);
      if (error != NULL) napi_reject_deferred(env, self->deferred, error);
    }
  }
  self->dispose(self);
}

static void settle_on_javascript_thread(napi_env env, napi_value callback, void *context, void *data) {
  (void)callback;
  (void)context;
  settle(env, data);
}

static bool deliver(channel *to, job *self) {
  pthread_mutex_lock(&to->lock);
  bool is_sent = !to->is_closed && napi_call_threadsafe_function(to->done, self, napi_tsfn_nonblocking) == napi_ok;
  pthread_mutex_unlock(&to->lock);
  return is_sent;
}

static void *thread_main(void *argument) {
  job *self = argument;
  channel *to = self->channel;
  self->run(self);
  /* Once it is sent the job belongs to the JavaScript thread. */
  int slow_fd = self->slow_fd;
  if (!deliver(to, self)) self->dispose(self);
  channel_release(to);
  if (slow_fd >= 0) close(slow_fd);
  atomic_fetch_sub(&running_jobs, 1);
  return NULL;
}

/* Signals stay with the threads that Node has prepared for them. */
static int start_thread(job *self) {
  sigset_t all, before;
  pthread_attr_t attributes;
  pthread_t thread;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  if (error == 0) error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all);
  if (error == 0) error = pthread_sigmask(SIG_SETMASK, &all, &before);
  if (error == 0) {
    error = pthread_create(&thread, &attributes, thread_main, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attributes);
  return error;
}

static bool create_done(napi_env env, napi_threadsafe_function *done) {
  napi_value name;
  if (napi_create_string_utf8(env, "cpu-atlas probe", NAPI_AUTO_LENGTH, &name) != napi_ok) return false;
  if (napi_create_threadsafe_function(env, NULL, NULL, name, 0, 1, NULL, NULL, NULL, settle_on_javascript_thread,
                                      done) != napi_ok)
    return false;
  /* A hung job must not keep the process alive; whoever awaits the promise holds a timer. */
  return napi_unref_threadsafe_function(env, *done) == napi_ok;
}

bool jobs_init(napi_env env) {
  channel *self = calloc(1, sizeof *self);
  if (self == NULL) return false;
  if (pthread_mutex_init(&self->lock, NULL) != 0) {
    free(self);
    return false;
  }
  atomic_init(&self->holders, 1);
  if (create_done(env, &self->done) && napi_set_instance_data(env, self, NULL, NULL) == napi_ok &&
      napi_add_env_cleanup_hook(env, channel_close, self) == napi_ok)
    return true;
  channel_release(self);
  return false;
}

napi_value job_start(napi_env env, job *self) {
  napi_value promise;
  void *instance;
  if (napi_get_instance_data(env, &instance) != napi_ok || instance == NULL ||
      napi_create_promise(env, &self->deferred, &promise) != napi_ok) {
    self->dispose(self);
    return NULL;
  }
  self->channel = instance;
  if (atomic_fetch_add(&running_jobs, 1) >= MAX_RUNNING_JOBS) {
    self->error = EAGAIN;
    self->failed_call = "job_start";
  } else {
    atomic_fetch_add(&self->channel->holders, 1);
    /* A thread that has started owns the job: it must not be touched here any more. */
    int error = start_thread(self);
    if (error == 0) return promise;
    self->error = error;
    self->failed_call = "pthread_create";
    channel_release(self->channel);
  }
  atomic_fetch_sub(&running_jobs, 1);
  settle(env, self);
  return promise;
}
