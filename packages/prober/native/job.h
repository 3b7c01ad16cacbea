/*
 * A job: work on a thread of its own that ends in a JavaScript promise.
 *
 * Why not libuv's pool: a thread that hangs in the kernel would hold one of its four places for ever and be joined at
 * exit. A job's thread is detached, so a hang costs one thread and nothing waits for it. The JavaScript side keeps the
 * time limit; an abandoned job frees itself when it ends.
 */
#ifndef CPU_ATLAS_JOB_H
#define CPU_ATLAS_JOB_H

#include <node_api.h>
#include <stdbool.h>

typedef struct job job;

struct job {
  /* Does the work on the job's thread. No N-API here. */
  void (*run)(job *self);
  /* Makes the value that the promise gets, on the JavaScript thread. NULL: N-API refused. */
  napi_value (*result)(napi_env env, job *self);
  /* Frees the job and what it owns. */
  void (*dispose)(job *self);
  /* errno of a failure that leaves no result, and the name of the call that failed; 0 and NULL otherwise. */
  int error;
  const char *failed_call;
  /* A descriptor that takes long to close is closed after the answer is on its way to JavaScript; -1: none. */
  int slow_fd;
  /* Owned by job.c. */
  napi_deferred deferred;
  struct channel *channel;
};

/* Prepares an environment (the main thread or a worker) for jobs; false when N-API refuses. Called once for each. */
bool jobs_init(napi_env env);

/* Starts the job and returns its promise. Takes the job over in any case; NULL with a pending exception on failure. */
napi_value job_start(napi_env env, job *self);

#endif
