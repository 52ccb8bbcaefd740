typedef struct zvonok_session zvonok_session;

typedef void (*zvonok_log_fn)(void *user_data, int32_t level, const char *text, size_t len);

typedef int32_t (*zvonok_progress_fn)(void *user_data, int32_t phase, uint32_t done, uint32_t total);

typedef struct zvonok_host {
  uint32_t struct_size;
  uint32_t abi_version;
  void *user_data;
  zvonok_log_fn log;
  zvonok_progress_fn progress;
} zvonok_host;

uint32_t zvonok_abi_version(void);
const char *zvonok_version(void);
const char *zvonok_strerror(int32_t code);
int32_t zvonok_open(const char *config, size_t len, const struct zvonok_host *host, struct zvonok_session **out);
int32_t zvonok_sync(struct zvonok_session *s, const char *roster, size_t len, const char *options, size_t options_len);
int32_t zvonok_sync_path(struct zvonok_session *s, const char *path, size_t len, const char *options, size_t options_len);
int32_t zvonok_request(struct zvonok_session *s, const char *request, size_t len);
const char *zvonok_reply(struct zvonok_session *s, size_t *len);
int32_t zvonok_cancel(struct zvonok_session *s);
int32_t zvonok_close(struct zvonok_session *s);
int32_t zvonok_run_task(const char *settings, size_t len, const struct zvonok_host *host, struct zvonok_session **out);
int32_t zvonok_check(const char *config, size_t len, const char *roster, size_t roster_len, struct zvonok_session **out);
