/* A host as it was written against the header beside it, and as it must go on working: it is compiled
 * with that header and linked with the present library. It uses every function, every code that it
 * can meet without a messenger, and the struct as it was.
 *
 * argv: a folder of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zvonok.h"

#define UP_TO_NUL ((size_t)-1)
#define ROSTER                                                               \
  "{\"format\":\"zvonok.roster/1\",\"orgs\":[{\"sourcedId\":\"s\",\"name\":\"School\","  \
  "\"type\":\"school\"}],\"users\":[],\"classes\":[],\"enrollments\":[]}"

#define CHECK(truth)                                                         \
  do {                                                                       \
    if (!(truth)) {                                                          \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth);            \
      exit(1);                                                               \
    }                                                                        \
  } while (0)

static char config[2048];
static int lines, steps, cancels = 1;

static void ZVONOK_CALL on_log(void *user_data, int32_t level, const char *text, size_t len) {
  CHECK(user_data == config && level >= ZVONOK_LOG_ERROR && level <= ZVONOK_LOG_DEBUG);
  CHECK(strlen(text) == len);
  lines++;
}

static int32_t ZVONOK_CALL on_progress(void *user_data, int32_t phase, uint32_t done,
                                       uint32_t total) {
  CHECK(user_data == config && phase >= ZVONOK_PHASE_READING && phase <= ZVONOK_PHASE_APPLYING);
  CHECK(done <= total);
  steps++;
  return cancels;
}

static void texts(void) {
  CHECK(zvonok_abi_version() == ZVONOK_ABI_VERSION);
  CHECK(strncmp(zvonok_version(), "zvonok ", 7) == 0);
  for (int32_t code = ZVONOK_INTERNAL; code <= ZVONOK_HELD; code++)
    CHECK(strlen(zvonok_strerror(code)) > 3);
}

static int says(zvonok_session *session, const char *text) {
  size_t len = 0;
  const char *reply = zvonok_reply(session, &len);
  CHECK(strlen(reply) == len);
  return strstr(reply, text) != NULL;
}

static void checks(void) {
  zvonok_session *session = NULL;
  CHECK(zvonok_check(config, strlen(config), ROSTER, UP_TO_NUL, &session) == ZVONOK_OK);
  CHECK(says(session, "zvonok.check/1") && zvonok_close(session) == ZVONOK_OK);
  CHECK(zvonok_check(config, strlen(config), "{}", 2, &session) == ZVONOK_ROSTER);
  CHECK(zvonok_close(session) == ZVONOK_OK);
}

/* With the struct as it was then: no field more, and what lies behind it is not looked at. */
static void session(void) {
  struct {
    zvonok_host host;
    unsigned char behind[64];
  } room;
  zvonok_session *session = NULL;
  memset(&room, 0xee, sizeof room);
  memset(&room.host, 0, sizeof room.host);
  room.host.struct_size = sizeof room.host;
  room.host.abi_version = ZVONOK_ABI_VERSION;
  room.host.user_data = config;
  room.host.log = on_log;
  room.host.progress = on_progress;
  CHECK(zvonok_open(config, UP_TO_NUL, &room.host, &session) == ZVONOK_OK);
  CHECK(zvonok_sync(session, ROSTER, UP_TO_NUL, NULL, 0) == ZVONOK_CANCELLED && steps > 0);
  cancels = 0;
  CHECK(zvonok_sync(session, "{}", 2, "{}", 2) == ZVONOK_ROSTER);
  CHECK(zvonok_sync(session, "{}", 2, "{\"nwo\":1}", UP_TO_NUL) == ZVONOK_CONFIG);
  CHECK(zvonok_sync(session, NULL, 1, NULL, 0) == ZVONOK_BAD_ARGUMENT);
  CHECK(zvonok_sync_path(session, "/no/such/file", UP_TO_NUL, NULL, 0) == ZVONOK_ROSTER);
  CHECK(zvonok_request(session, "{}", 2) == ZVONOK_REQUEST);
  CHECK(says(session, "\"name\":\"REQUEST\""));
  CHECK(zvonok_cancel(session) == ZVONOK_OK);
  CHECK(zvonok_request(session, "{\"method\":\"selftest.panic\"}", UP_TO_NUL) == ZVONOK_INTERNAL);
  CHECK(zvonok_close(session) == ZVONOK_OK);
  CHECK(zvonok_close(session) == ZVONOK_BAD_HANDLE && zvonok_close(NULL) == ZVONOK_OK);
  CHECK(says(session, "\"name\":\"BAD_HANDLE\""));
}

/* Nobody listens on the discard port. */
static void task(const char *folder) {
  zvonok_session *session = NULL;
  char text[4096], path[1024];
  FILE *file;
  snprintf(path, sizeof path, "%s/roster.json", folder);
  file = fopen(path, "w");
  CHECK(file != NULL && fputs(ROSTER, file) >= 0 && fclose(file) == 0);
  snprintf(text, sizeof text,
           "roster=%s\nstate=%s/task.db\nprofile=paragraf\nplatform=vk\ntoken=t\ncommunity=1\n"
           "base_url=http://127.0.0.1:9\n",
           path, folder);
  CHECK(zvonok_run_task(text, UP_TO_NUL, NULL, &session) == ZVONOK_PLATFORM);
  CHECK(says(session, "\"retryable\":true") && zvonok_close(session) == ZVONOK_OK);
  CHECK(zvonok_run_task("tokne=1\n", UP_TO_NUL, NULL, &session) == ZVONOK_CONFIG);
  CHECK(zvonok_close(session) == ZVONOK_OK);
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  snprintf(config, sizeof config,
           "{\"state\":\"%s/zvonok.db\",\"profile\":\"paragraf\",\"platform\":{\"kind\":\"vk\","
           "\"token\":\"t\",\"community\":\"1\",\"base_url\":\"http://127.0.0.1:9\"}}",
           argv[1]);
  texts();
  checks();
  session();
  task(argv[1]);
  return 0;
}
