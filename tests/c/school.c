/* A host with a school's year: it does what its standard input says, one line an order, and answers
 * each with a line of the code and the reply.
 *
 *   sync FILE NOW      one cycle
 *   cancel FILE NOW    one cycle that the host gives up in the middle of the changes
 *   locked FILE NOW    one cycle, during which a second session tries one of its own
 *   request JSON       a question or an order
 *
 * The case that it is started with is the profile.
 */
#include "host.h"

struct order {
  enum { PLAIN, CANCEL, LOCKED } kind;
  const char *roster, *options;
  unsigned applying;
  int met;
};

static void second_session(struct order *order) {
  zvonok_session *other = opened("school.db", NULL);
  CODE(ZVONOK_LOCKED, other,
       z.sync_path(other, order->roster, UP_TO_NUL, order->options, UP_TO_NUL));
  CHECK(z.close(other) == ZVONOK_OK);
}

static int32_t progress(void *user_data, int32_t phase, uint32_t done, uint32_t total) {
  struct order *order = user_data;
  CHECK(done <= total);
  if (phase != ZVONOK_PHASE_APPLYING) return 0;
  order->applying++;
  if (order->kind == LOCKED && !order->met++) second_session(order);
  return order->kind == CANCEL;
}

static void answer(zvonok_session *session, int32_t code) {
  size_t len = 0;
  const char *reply = z.reply(session, &len);
  CHECK(strlen(reply) == len && strchr(reply, '\n') == NULL);
  printf("%d %s\n", (int)code, reply);
  fflush(stdout);
}

static void sync_order(zvonok_session *session, struct order *order, char *words) {
  char options[128];
  const char *file = strtok(words, " ");
  const char *now = strtok(NULL, " ");
  CHECK(file != NULL && now != NULL);
  snprintf(options, sizeof options, "{\"now\":\"%s\"}", now);
  order->roster = file;
  order->options = options;
  order->applying = 0;
  order->met = 0;
  int32_t code = z.sync_path(session, file, UP_TO_NUL, options, UP_TO_NUL);
  CHECK(order->kind == PLAIN || order->applying > 0);
  answer(session, code);
}

int main(int argc, char **argv) {
  static char line[65536];
  struct order order = {PLAIN, NULL, NULL, 0, 0};
  zvonok_host host = host_of(&order, progress, NULL);
  at.profile = begin(argc, argv);
  zvonok_session *session = opened("school.db", &host);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *words = strchr(line, ' ');
    CHECK(words != NULL);
    *words++ = '\0';
    if (strcmp(line, "request") == 0) {
      answer(session, request(session, words));
      continue;
    }
    order.kind = strcmp(line, "cancel") == 0 ? CANCEL : strcmp(line, "locked") == 0 ? LOCKED : PLAIN;
    sync_order(session, &order, words);
  }
  CHECK(z.close(session) == ZVONOK_OK);
  return 0;
}
