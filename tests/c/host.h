/* What every host in these tests needs: the library by path, checks that tell their line, and the
 * texts of a configuration. */
#ifndef HOST_H
#define HOST_H

#ifdef _WIN32
#include "windows.h"
#else
#define _GNU_SOURCE
#include <dlfcn.h>
#endif
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zvonok.h"

#define UP_TO_NUL ((size_t)-1)
#define MORNING "{\"now\":\"2026-09-01T09:00:00+03:00\"}"

#define CHECK(truth)                                                         \
  do {                                                                       \
    if (!(truth)) fail(__FILE__, __LINE__, #truth);                          \
  } while (0)

/* A code that must be this one; the reply of the session is shown where it is not. */
#define CODE(expected, session, call)                                        \
  do {                                                                       \
    int32_t code_ = (call);                                                  \
    if (code_ != (expected)) {                                               \
      fprintf(stderr, "%d instead of %d: %.2000s\n", (int)code_,             \
              (int)(expected), z.reply((session), NULL));                    \
      fail(__FILE__, __LINE__, #call);                                       \
    }                                                                        \
  } while (0)

#define FUNCTIONS(F)                                                         \
  F(abi_version) F(version) F(strerror) F(open) F(sync) F(sync_path)         \
  F(request) F(reply) F(cancel) F(close) F(run_task) F(check)

struct library {
  void *handle;
#define MEMBER(name) __typeof__(zvonok_##name) *name;
  FUNCTIONS(MEMBER)
#undef MEMBER
};

static struct library z;

/* Where the messenger and the files are. */
static struct {
  const char *library, *folder, *address, *token, *community, *roster, *profile;
} at;

static inline void fail(const char *file, int line, const char *what) {
  fprintf(stderr, "%s:%d: %s\n", file, line, what);
  exit(1);
}

static inline void load(const char *path) {
  z.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (z.handle == NULL) fail(path, 0, dlerror());
#define FIND(name)                                                           \
  *(void **)(void *)&z.name = dlsym(z.handle, "zvonok_" #name);              \
  CHECK(z.name != NULL);
  FUNCTIONS(FIND)
#undef FIND
}

/* argv: program, library, case, folder, address, token, community, roster. */
static inline const char *begin(int argc, char **argv) {
  CHECK(argc == 8);
#ifdef _WIN32
  argv = arguments_utf8();
#endif
  at.library = argv[1];
  at.folder = argv[3];
  at.address = argv[4];
  at.token = argv[5];
  at.community = argv[6];
  at.roster = argv[7];
  load(at.library);
  return argv[2];
}

static inline const char *in_folder(const char *name) {
  static char texts[8][1024];
  static unsigned next;
  char *text = texts[next++ % 8];
  snprintf(text, sizeof texts[0], "%s/%s", at.folder, name);
  return text;
}

/* A configuration with this state file, messenger and token; borrowed until the eighth next one. */
static inline const char *config_of(const char *state, const char *address, const char *token) {
  static char texts[8][4096];
  static unsigned next;
  char *text = texts[next++ % 8];
  snprintf(text, sizeof texts[0],
           "{\"state\":\"%s\",\"profile\":\"%s\",\"platform\":{\"kind\":\"vk\","
           "\"token\":\"%s\",\"base_url\":\"%s\",\"community\":\"%s\","
           "\"requests_per_second\":20}}",
           in_folder(state), at.profile == NULL ? "paragraf" : at.profile, token, address,
           at.community);
  return text;
}

static inline const char *config(const char *state) {
  return config_of(state, at.address, at.token);
}

static inline zvonok_session *opened(const char *state, const zvonok_host *host) {
  zvonok_session *session = NULL;
  CODE(ZVONOK_OK, session, z.open(config(state), UP_TO_NUL, host, &session));
  CHECK(session != NULL);
  return session;
}

static inline zvonok_host host_of(void *user_data, zvonok_progress_fn progress, zvonok_log_fn log) {
  zvonok_host host;
  memset(&host, 0, sizeof host);
  host.struct_size = sizeof host;
  host.abi_version = ZVONOK_ABI_VERSION;
  host.user_data = user_data;
  host.log = log;
  host.progress = progress;
  return host;
}

static inline int32_t cycle(zvonok_session *session) {
  return z.sync_path(session, at.roster, UP_TO_NUL, MORNING, UP_TO_NUL);
}

static inline int32_t request(zvonok_session *session, const char *text) {
  return z.request(session, text, UP_TO_NUL);
}

static inline int says(zvonok_session *session, const char *text) {
  size_t len = 0;
  const char *reply = z.reply(session, &len);
  CHECK(reply != NULL && strlen(reply) == len && reply[0] == '{');
  return strstr(reply, text) != NULL;
}

#endif
