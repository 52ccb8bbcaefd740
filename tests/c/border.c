/* The border, case by case: what a host may do wrong, and what the library must leave alone. */
#include "host.h"

#include <fenv.h>
#include <locale.h>
#include <semaphore.h>
#ifndef _WIN32
#include <signal.h>
#include <sys/wait.h>
#endif

static void texts(void) {
  CHECK(z.abi_version() == ZVONOK_ABI_VERSION);
  CHECK(strncmp(z.version(), "zvonok ", 7) == 0);
  for (int32_t code = ZVONOK_INTERNAL; code <= ZVONOK_HELD; code++) {
    CHECK(strlen(z.strerror(code)) > 3 && strcmp(z.strerror(code), "unknown code") != 0);
  }
  CHECK(strcmp(z.strerror(3), "unknown code") == 0);
  CHECK(strcmp(z.strerror(INT32_MIN), "unknown code") == 0);
  puts(z.version());
}

/* A session that could not be opened tells why and answers the same to everything. */
static void refused(const char *text, int32_t code, const char *name) {
  zvonok_session *session = NULL;
  CODE(code, session, z.open(text, UP_TO_NUL, NULL, &session));
  CHECK(session != NULL);
  CHECK(says(session, "\"format\":\"zvonok.error/1\"") && says(session, name));
  CHECK(z.sync(session, "{}", 2, NULL, 0) == code);
  CHECK(z.sync_path(session, "/", 1, NULL, 0) == code);
  CHECK(request(session, "{\"method\":\"diagnostics\",\"actor\":\"system\"}") == code);
  CHECK(says(session, name));
  CHECK(z.cancel(session) == ZVONOK_OK);
  CHECK(z.close(session) == ZVONOK_OK);
}

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void refusals(void) {
  char text[4096];
  refused("{", ZVONOK_CONFIG, "\"name\":\"CONFIG\"");
  refused("{\"state\":\"\\ud800\"}", ZVONOK_CONFIG, "\"name\":\"CONFIG\"");
  refused("{\"stat\":1}", ZVONOK_CONFIG, "did you mean state?");
  refused("\xff", ZVONOK_BAD_ARGUMENT, "\"name\":\"BAD_ARGUMENT\"");
  refused(config("no/such/folder/zvonok.db"), ZVONOK_STATE, "\"name\":\"STATE\"");
  write_file(in_folder("broken.lua"), "return 1 +");
  snprintf(text, sizeof text,
           "{\"state\":\"%s\",\"profile\":\"%s\",\"platform\":{\"kind\":\"vk\",\"token\":\"t\","
           "\"community\":\"1\"}}",
           in_folder("zvonok.db"), in_folder("broken.lua"));
  refused(text, ZVONOK_PROFILE, "broken.lua");
}

static void failures(void) {
  zvonok_session *session = opened("failures.db", NULL);
  CHECK(says(session, "zvonok.reply/1"));
  CODE(ZVONOK_ROSTER, session, z.sync(session, "{}", 2, NULL, 0));
  CHECK(says(session, "\"name\":\"ROSTER\""));
  CODE(ZVONOK_ROSTER, session, z.sync(session, "\xff\xfe", 2, NULL, 0));
  CODE(ZVONOK_ROSTER, session, z.sync_path(session, "/no/such/file", UP_TO_NUL, NULL, 0));
  CODE(ZVONOK_ROSTER, session, z.sync_path(session, "roster.json", UP_TO_NUL, NULL, 0));
  CHECK(says(session, "absolute"));
  CODE(ZVONOK_CONFIG, session, z.sync(session, "{}", 2, "{\"nwo\":1}", UP_TO_NUL));
  CHECK(says(session, "did you mean now?"));
  CODE(ZVONOK_REQUEST, session, request(session, "{\"method\":\"chats.lits\",\"actor\":\"p1\"}"));
  CODE(ZVONOK_REQUEST, session, request(session, "nonsense"));
  CHECK(z.close(session) == ZVONOK_OK);

  CHECK(z.open(config_of("p.db", "http://127.0.0.1:9", at.token), UP_TO_NUL, NULL, &session) == 0);
  CODE(ZVONOK_PLATFORM, session,
       z.sync_path(session, at.roster, UP_TO_NUL, "{\"time_budget\":\"5s\"}", UP_TO_NUL));
  CHECK(says(session, "\"retryable\":true"));
  CHECK(z.close(session) == ZVONOK_OK);

  CHECK(z.open(config_of("a.db", at.address, "wrong-token"), UP_TO_NUL, NULL, &session) == 0);
  CODE(ZVONOK_AUTH, session, cycle(session));
  CHECK(!says(session, "wrong-token"));
  CHECK(z.close(session) == ZVONOK_OK);
}

static void arguments(void) {
  zvonok_session *session = opened("arguments.db", NULL);
  zvonok_session *other = NULL;
  CHECK(z.open("{}", 2, NULL, NULL) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.run_task("{}", 2, NULL, NULL) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.check("{}", 2, NULL, 0, NULL) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.open(NULL, 5, NULL, &other) == ZVONOK_BAD_ARGUMENT && z.close(other) == ZVONOK_OK);
  CHECK(z.open(NULL, UP_TO_NUL, NULL, &other) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.close(other) == ZVONOK_OK);
  CHECK(z.open(NULL, 0, NULL, &other) == ZVONOK_CONFIG && z.close(other) == ZVONOK_OK);
  CHECK(z.sync(session, NULL, 1, NULL, 0) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.sync(session, NULL, 0, NULL, 0) == ZVONOK_ROSTER);
  CHECK(z.sync(session, "{}", (size_t)-2, NULL, 0) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.sync(session, "{}", 2, NULL, 7) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.sync(session, "{}", 2, "\xc3(", 2) == ZVONOK_BAD_ARGUMENT);
  CHECK(says(session, "options:0"));
  CHECK(z.sync_path(session, NULL, 3, NULL, 0) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.sync_path(session, NULL, 0, NULL, 0) == ZVONOK_ROSTER);
  CHECK(z.sync_path(session, "/a\xff", 3, NULL, 0) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.sync_path(session, "/a\0b", 4, NULL, 0) == ZVONOK_ROSTER);
  CHECK(z.request(session, NULL, 0) == ZVONOK_REQUEST);
  CHECK(z.request(session, NULL, UP_TO_NUL) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.request(session, "\x80", 1) == ZVONOK_BAD_ARGUMENT);
  /* A length that ends inside a text is that length. */
  CHECK(z.request(session, "{}garbage", 2) == ZVONOK_REQUEST);
  CHECK(z.reply(session, NULL) != NULL);
  CHECK(z.close(session) == ZVONOK_OK);
}

static void dead(zvonok_session *session) {
  CHECK(z.sync(session, "{}", 2, NULL, 0) == ZVONOK_BAD_HANDLE);
  CHECK(z.sync_path(session, "/", 1, NULL, 0) == ZVONOK_BAD_HANDLE);
  CHECK(z.request(session, "{}", 2) == ZVONOK_BAD_HANDLE);
  CHECK(z.cancel(session) == ZVONOK_BAD_HANDLE);
  CHECK(says(session, "\"name\":\"BAD_HANDLE\""));
}

static void handles(void) {
  long on_stack = 7;
  void *on_heap = calloc(1, 64);
  zvonok_session *session = opened("handles.db", NULL);
  CHECK(z.close(session) == ZVONOK_OK);
  dead(session);
  CHECK(z.close(session) == ZVONOK_BAD_HANDLE);
  zvonok_session *next = opened("handles.db", NULL);
  CHECK(next != session);
  dead(session);
  dead((zvonok_session *)&on_stack);
  dead((zvonok_session *)on_heap);
  dead((zvonok_session *)-1);
  CHECK(z.close((zvonok_session *)on_heap) == ZVONOK_BAD_HANDLE);
  dead(NULL);
  CHECK(z.close(NULL) == ZVONOK_OK);
  CHECK(z.close(next) == ZVONOK_OK);
  free(on_heap);
}

/* What a callback is told and may do. */
struct seen {
  zvonok_session *session, *other;
  pthread_t thread;
  unsigned progress, logs;
  int excepts;
};

static int32_t calls_back(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  struct seen *seen = user_data;
  (void)done, (void)total;
  seen->progress++;
  CHECK(phase >= ZVONOK_PHASE_READING && phase <= ZVONOK_PHASE_APPLYING);
  CHECK(pthread_equal(seen->thread, pthread_self()));
  CHECK(z.sync(seen->session, "{}", 2, NULL, 0) == ZVONOK_BUSY);
  CHECK(z.sync_path(seen->session, "/", 1, NULL, 0) == ZVONOK_BUSY);
  CHECK(request(seen->session, "{}") == ZVONOK_BUSY);
  CHECK(z.close(seen->session) == ZVONOK_BUSY);
  CHECK(says(seen->session, "\"name\":\"BUSY\""));
  CHECK(z.abi_version() == ZVONOK_ABI_VERSION && z.version() != NULL && z.strerror(0) != NULL);
  return 0;
}

static void logs(void *user_data, int32_t level, const char *text, size_t len) {
  struct seen *seen = user_data;
  seen->logs++;
  CHECK(level >= ZVONOK_LOG_ERROR && level <= ZVONOK_LOG_DEBUG);
  CHECK(strlen(text) == len && strstr(text, at.token) == NULL);
}

static void busy_callback(void) {
  struct seen seen = {.thread = pthread_self()};
  zvonok_host host = host_of(&seen, calls_back, logs);
  seen.session = opened("busy.db", &host);
  memset(&host, 0xee, sizeof host); /* it was copied */
  CODE(ZVONOK_OK, seen.session, cycle(seen.session));
  CHECK(seen.progress > 2);
  CHECK(says(seen.session, "\"format\":\"zvonok.report/1\""));
  CHECK(z.close(seen.session) == ZVONOK_OK);
}

/* One thread waits inside a callback while another one calls. */
struct meeting {
  zvonok_session *session;
  sem_t inside, go_on;
  int32_t code;
  int waited, cancels;
};

static int32_t waits(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  struct meeting *meeting = user_data;
  (void)phase, (void)done, (void)total;
  if (!meeting->waited++) {
    sem_post(&meeting->inside);
    sem_wait(&meeting->go_on);
  }
  return 0;
}

static void *runs_cycle(void *user_data) {
  struct meeting *meeting = user_data;
  meeting->code = cycle(meeting->session);
  return NULL;
}

static void meet(const char *state, void (*during)(struct meeting *), int32_t code) {
  struct meeting meeting = {0};
  zvonok_host host = host_of(&meeting, waits, NULL);
  pthread_t thread;
  sem_init(&meeting.inside, 0, 0);
  sem_init(&meeting.go_on, 0, 0);
  meeting.session = opened(state, &host);
  CHECK(pthread_create(&thread, NULL, runs_cycle, &meeting) == 0);
  sem_wait(&meeting.inside);
  during(&meeting);
  sem_post(&meeting.go_on);
  pthread_join(thread, NULL);
  CODE(code, meeting.session, meeting.code);
  if (code == ZVONOK_CANCELLED) {
    CHECK(says(meeting.session, "\"name\":\"CANCELLED\""));
    CODE(ZVONOK_OK, meeting.session, cycle(meeting.session));
  }
  CHECK(z.close(meeting.session) == ZVONOK_OK);
}

static void all_busy(struct meeting *meeting) {
  CHECK(cycle(meeting->session) == ZVONOK_BUSY);
  CHECK(request(meeting->session, "{}") == ZVONOK_BUSY);
  CHECK(z.close(meeting->session) == ZVONOK_BUSY);
  CHECK(says(meeting->session, "\"name\":\"BUSY\""));
}

static void cancels(struct meeting *meeting) {
  CHECK(z.cancel(meeting->session) == ZVONOK_OK);
}

static void busy_thread(void) { meet("busy.db", all_busy, ZVONOK_OK); }

static void cancel_thread(void) { meet("cancel.db", cancels, ZVONOK_CANCELLED); }

static int32_t says_no(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  (void)phase, (void)done, (void)total;
  return *(int *)user_data;
}

static int32_t calls_cancel(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  struct meeting *meeting = user_data;
  (void)phase, (void)done, (void)total;
  if (meeting->cancels) CHECK(z.cancel(meeting->session) == ZVONOK_OK);
  return 0;
}

static void cancel_callback(void) {
  int answer = 1;
  struct meeting meeting = {.cancels = 1};
  zvonok_host host = host_of(&answer, says_no, NULL);
  zvonok_session *session = opened("cancel.db", &host);
  CODE(ZVONOK_CANCELLED, session, cycle(session));
  answer = 0;
  /* While nothing runs there is nothing to cancel. */
  CHECK(z.cancel(session) == ZVONOK_OK);
  CODE(ZVONOK_OK, session, cycle(session));
  CHECK(z.close(session) == ZVONOK_OK);

  host = host_of(&meeting, calls_cancel, NULL);
  meeting.session = opened("cancel2.db", &host);
  CODE(ZVONOK_CANCELLED, meeting.session, cycle(meeting.session));
  CHECK(z.close(meeting.session) == ZVONOK_OK);
}

static void meets_lock(struct meeting *meeting) {
  zvonok_session *other = opened("locked.db", NULL);
  char owner[32];
  (void)meeting;
  CODE(ZVONOK_LOCKED, other, cycle(other));
  snprintf(owner, sizeof owner, "process %d", (int)getpid());
  CHECK(says(other, owner) && says(other, "\"retryable\":true"));
  CHECK(z.close(other) == ZVONOK_OK);
}

static void locked(void) { meet("locked.db", meets_lock, ZVONOK_OK); }

#ifndef _WIN32
static void forked(void) {
  zvonok_session *session = opened("fork.db", NULL);
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    dead(session);
    CHECK(z.close(session) == ZVONOK_BAD_HANDLE);
    zvonok_session *own = opened("fork-child.db", NULL);
    CHECK(own != session);
    CODE(ZVONOK_OK, own, cycle(own));
    CHECK(z.close(own) == ZVONOK_OK);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CODE(ZVONOK_ROSTER, session, z.sync(session, "{}", 2, NULL, 0));
  CHECK(z.close(session) == ZVONOK_OK);
}

/* A child made while another thread is inside the library finds no lock that nobody will open. */
static void forks(struct meeting *meeting) {
  int status = 0;
  pid_t child = fork();
  if (child == 0) {
    dead(meeting->session);
    zvonok_session *own = opened("fork2-child.db", NULL);
    _exit(z.close(own) == ZVONOK_OK ? 0 : 1);
  }
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void forked_inside(void) { meet("fork2.db", forks, ZVONOK_OK); }
#endif

static void defect(void) {
  zvonok_session *session = opened("defect.db", NULL);
  zvonok_session *other = opened("other.db", NULL);
  CHECK(request(session, "{\"method\":\"selftest.panic\"}") == ZVONOK_INTERNAL);
  CHECK(says(session, "\"name\":\"INTERNAL\"") && says(session, "asked for by selftest.panic"));
  CHECK(says(session, "src/ffi/mod.rs:"));
  CHECK(cycle(session) == ZVONOK_INTERNAL);
  CHECK(request(session, "{}") == ZVONOK_INTERNAL);
  CHECK(says(session, "src/ffi/mod.rs:"));
  CHECK(z.close(session) == ZVONOK_OK);
  dead(session);
  CODE(ZVONOK_ROSTER, other, z.sync(other, "{}", 2, NULL, 0));
  CHECK(z.close(other) == ZVONOK_OK);
}

static void defect_closed(void) {
  close(0), close(1), close(2);
  defect();
}

static int32_t sees_excepts(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  struct seen *seen = user_data;
  (void)phase, (void)done, (void)total;
  seen->progress++;
  CHECK(fegetexcept() == seen->excepts && fegetround() == FE_UPWARD);
  return 0;
}

static void floating(void) {
  struct seen seen = {.excepts = FE_ALL_EXCEPT};
  zvonok_host host = host_of(&seen, sees_excepts, NULL);
  feclearexcept(FE_ALL_EXCEPT);
  CHECK(feenableexcept(seen.excepts) != -1 && fesetround(FE_UPWARD) == 0);
  zvonok_session *session = opened("floating.db", &host);
  CODE(ZVONOK_OK, session, cycle(session));
  CHECK(fegetexcept() == seen.excepts && fegetround() == FE_UPWARD && seen.progress > 2);
  CHECK(fetestexcept(FE_ALL_EXCEPT) == 0);
  CHECK(z.version() != NULL && z.close(session) == ZVONOK_OK);
  fedisableexcept(FE_ALL_EXCEPT);
}

/* The report is printed, for the caller to compare with that of another locale. */
static void in_locale(void) {
  const char *name = getenv("HOST_LOCALE");
  CHECK(name == NULL || setlocale(LC_ALL, name) != NULL);
  CHECK(name == NULL || strcmp(localeconv()->decimal_point, ",") == 0);
  zvonok_session *session = opened("locale.db", NULL);
  CODE(ZVONOK_OK, session, cycle(session));
  puts(z.reply(session, NULL));
  CHECK(name == NULL || strcmp(localeconv()->decimal_point, ",") == 0);
  CHECK(z.close(session) == ZVONOK_OK);

  /* A script's own fractions are read with a point, whatever the host's locale. */
  char profile[4096], settings[8192];
  snprintf(profile, sizeof profile, "%s/half.lua", at.folder);
  write_file(profile,
             "local half = 0.5\nassert(half * 2 == 1, 'half')\n"
             "return zvonok.profile { name = 'half', title = 'half', version = 1, chats = {} }\n");
  snprintf(settings, sizeof settings,
           "{\"state\":\"%s/half.db\",\"profile\":\"%s\",\"platform\":{\"kind\":\"vk\","
           "\"token\":\"t\",\"community\":\"1\"}}",
           at.folder, profile);
  CODE(ZVONOK_OK, session, z.check(settings, UP_TO_NUL, NULL, 0, &session));
  CHECK(z.close(session) == ZVONOK_OK);
}

#ifndef _WIN32
static void signals(void) {
  struct sigaction before[65], after;
  for (int number = 1; number < 65; number++) sigaction(number, NULL, &before[number]);
  zvonok_session *session = opened("signals.db", NULL);
  int32_t code = cycle(session);
  CHECK(code == ZVONOK_OK || code == ZVONOK_PARTIAL);
  for (int number = 1; number < 65; number++) {
    if (sigaction(number, NULL, &after) != 0) continue;
    CHECK(after.sa_handler == before[number].sa_handler);
    CHECK(after.sa_flags == before[number].sa_flags);
  }
  CHECK(before[SIGPIPE].sa_handler == SIG_DFL);
  CHECK(z.close(session) == ZVONOK_OK);
}
#endif

static void *on_small_stack(void *unused) {
  (void)unused;
  zvonok_session *session = opened("stack.db", NULL);
  CODE(ZVONOK_OK, session, cycle(session));
  CODE(ZVONOK_OK, session, request(session, "{\"method\":\"chats.list\",\"actor\":\"system\"}"));
  CHECK(z.close(session) == ZVONOK_OK);
  return NULL;
}

static void small_stack(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK(pthread_attr_setstacksize(&attributes, 256 * 1024) == 0);
  CHECK(pthread_create(&thread, &attributes, on_small_stack, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
}

static int32_t opens(const void *host) {
  zvonok_session *session = NULL;
  int32_t code = z.open(config("sizes.db"), UP_TO_NUL, host, &session);
  CHECK(code == ZVONOK_OK || says(session, "host"));
  CHECK(z.close(session) == ZVONOK_OK);
  return code;
}

static void sizes(void) {
  union {
    zvonok_host host;
    unsigned char bytes[4096];
  } room;
  const uint32_t known[] = {offsetof(zvonok_host, user_data), offsetof(zvonok_host, log),
                            offsetof(zvonok_host, progress), sizeof(zvonok_host)};
  for (uint32_t size = 0; size <= 1100; size++) {
    int good = size > sizeof(zvonok_host) && size <= 1024;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) good |= size == known[i];
    if (good && size > 64 && size < 1020) continue; /* each opens a state file */
    memset(&room, 0, sizeof room);
    /* What lies behind the size is not looked at. */
    memset(room.bytes + size, 0xee, sizeof room - size);
    room.host.struct_size = size;
    room.host.abi_version = ZVONOK_ABI_VERSION;
    CHECK(opens(&room) == (good ? ZVONOK_OK : ZVONOK_BAD_ARGUMENT));
  }
  memset(&room, 0, sizeof room);
  room.host = host_of(NULL, NULL, NULL);
  room.host.struct_size = sizeof(zvonok_host) + 8;
  room.bytes[sizeof(zvonok_host) + 7] = 1;
  CHECK(opens(&room) == ZVONOK_BAD_ARGUMENT);
  room.host.struct_size = UINT32_MAX;
  CHECK(opens(&room) == ZVONOK_BAD_ARGUMENT);
  room.host = host_of(NULL, NULL, NULL);
  room.host.abi_version = ZVONOK_ABI_VERSION + 1;
  CHECK(opens(&room) == ZVONOK_BAD_ARGUMENT);
  /* A packed record of another language need not be aligned. */
  room.host = host_of(NULL, NULL, NULL);
  memmove(room.bytes + 1, room.bytes, sizeof(zvonok_host));
  CHECK(opens(room.bytes + 1) == ZVONOK_OK);
}

static void reload(void) {
  for (int round = 0; round < 5; round++) {
    zvonok_session *session = opened("reload.db", NULL);
    CODE(ZVONOK_ROSTER, session, z.sync(session, "{}", 2, NULL, 0));
    CHECK(z.close(session) == ZVONOK_OK);
    CHECK(dlclose(z.handle) == 0);
    CHECK(dlopen(at.library, RTLD_NOW | RTLD_NOLOAD) != NULL); /* it stays */
    load(at.library);
  }
}

static void task(void) {
  zvonok_session *session = NULL;
  char text[4096];
  snprintf(text, sizeof text,
           "# task\nroster=%s\nstate = %s\nprofile=paragraf\nplatform=vk\ntoken=%s\n"
           "community=%s\nbase_url=%s\nproxy_server=\nproxy_auth=0\nreport=%s\n",
           at.roster, in_folder("task.db"), at.token, at.community, at.address,
           in_folder("report.json"));
  CODE(ZVONOK_OK, session, z.run_task(text, UP_TO_NUL, NULL, &session));
  CHECK(says(session, "zvonok.report/1"));
  /* It is a session like any other. */
  CODE(ZVONOK_OK, session, request(session, "{\"method\":\"chats.list\",\"actor\":\"system\"}"));
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(z.run_task("tokne=1\n", UP_TO_NUL, NULL, &session) == ZVONOK_CONFIG);
  CHECK(says(session, "settings:1") && says(session, "did you mean token?"));
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(z.run_task("{\"a\":\"\xff\"}", UP_TO_NUL, NULL, &session) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.close(session) == ZVONOK_OK);
}

static void check(void) {
  zvonok_session *session = NULL;
  CODE(ZVONOK_OK, session, z.check(config("check.db"), UP_TO_NUL, NULL, 0, &session));
  CHECK(says(session, "{\"format\":\"zvonok.check/1\",\"faults\":[],\"warnings\":[]}"));
  CHECK(request(session, "{}") == ZVONOK_BAD_HANDLE);
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(z.check(config("check.db"), UP_TO_NUL, "{}", 2, &session) == ZVONOK_ROSTER);
  CHECK(says(session, "roster."));
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(z.check("{", UP_TO_NUL, "{}", 2, &session) == ZVONOK_CONFIG);
  CHECK(says(session, "roster.") && says(session, "config.") && says(session, "zvonok.check/1"));
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(z.check("\xff", 1, NULL, 0, &session) == ZVONOK_BAD_ARGUMENT);
  CHECK(z.close(session) == ZVONOK_OK);
  CHECK(access(in_folder("check.db"), F_OK) != 0); /* no state was touched */
}

/* For a checker of memory: a whole small life. */
static void life(void) {
  struct seen seen = {.thread = pthread_self()};
  zvonok_host host = host_of(&seen, calls_back, logs);
  seen.session = opened("life.db", &host);
  CODE(ZVONOK_OK, seen.session, cycle(seen.session));
  CODE(ZVONOK_OK, seen.session, cycle(seen.session));
  CODE(ZVONOK_OK, seen.session,
       request(seen.session, "{\"method\":\"chats.list\",\"actor\":\"system\"}"));
  CHECK(request(seen.session, "{\"method\":\"selftest.panic\"}") == ZVONOK_INTERNAL);
  CHECK(z.close(seen.session) == ZVONOK_OK);
  task();
  check();
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
    {"texts", texts},         {"refusals", refusals},
    {"failures", failures},   {"arguments", arguments},
    {"handles", handles},     {"busy_callback", busy_callback},
    {"busy_thread", busy_thread}, {"cancel_thread", cancel_thread},
    {"cancel_callback", cancel_callback}, {"locked", locked},
    {"defect", defect},       {"defect_closed", defect_closed},
    {"floating", floating},   {"in_locale", in_locale},
    {"small_stack", small_stack}, {"sizes", sizes},
    {"reload", reload},       {"task", task},
    {"check", check},         {"life", life},
#ifndef _WIN32
    {"forked", forked},       {"forked_inside", forked_inside},
    {"signals", signals},
#endif
};

int main(int argc, char **argv) {
  const char *name = begin(argc, argv);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(cases[i].name, name) == 0) {
      cases[i].run();
      return 0;
    }
  }
  fail(name, 0, "no such case");
  return 1;
}
