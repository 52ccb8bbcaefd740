/* A program that was linked with an import library. Its exit code 7 is that all is well; NO_RUNTIME
 * leaves the C runtime out, for a linker that has none. */
#include "zvonok.h"

int start(void) {
  zvonok_session *session = 0;
  int32_t code = zvonok_open("{", 1, 0, &session);
  size_t len = 0;
  const char *reply = zvonok_reply(session, &len);
  int good = zvonok_abi_version() == ZVONOK_ABI_VERSION && code == ZVONOK_CONFIG && len > 2 &&
             reply[0] == '{' && reply[len] == 0 && zvonok_close(session) == ZVONOK_OK;
  return good ? 7 : 1;
}

#ifndef NO_RUNTIME
int main(void) { return start(); }
#endif
