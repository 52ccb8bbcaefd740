/*
 * zvonok: a school's messenger chats follow the school's own data.
 *
 * This header is the manual. zvonok_open opens a session from a configuration, zvonok_sync runs
 * one cycle with a roster, zvonok_request answers the host's screens, zvonok_reply gives the JSON
 * of the last call, zvonok_close ends the session. zvonok_run_task is a scheduler's whole job in
 * one call. What the JSON documents hold is in the README.
 *
 * Conventions, which hold for every function:
 *
 * 1. Codes. A function that does something returns an int32_t: 0 is done, a positive number is
 *    finished (look at the report), a negative one is failed. code < 0 is the whole error check.
 *    Numbers are never given another meaning; later versions may add some.
 * 2. Replies. The call leaves a JSON document in the session, report, answer or error.
 *    zvonok_reply lends it: it is UTF-8, ends with a NUL, and is borrowed until the next call on
 *    this session or its close. A call that returns ZVONOK_BUSY or ZVONOK_BAD_HANDLE leaves
 *    nothing.
 * 3. Ownership. Only the session is the host's to end, with zvonok_close. Nothing else that the
 *    library hands out is to be freed. What the host hands in is copied or read during the call and
 *    stays the host's.
 * 4. Texts are a pointer and a length in bytes. (size_t)-1 as the length means "up to the NUL".
 *    NULL with the length 0 is an empty text; NULL with any other length is
 *    ZVONOK_BAD_ARGUMENT. Texts are UTF-8, paths too, on every system; paths are absolute.
 *    A roster is bytes: in another encoding it is refused as ZVONOK_ROSTER.
 * 5. Handles are looked up and never followed. A handle that is NULL, closed, not ours, or
 *    inherited through fork is ZVONOK_BAD_HANDLE. A process that forks opens its sessions
 *    afterwards.
 * 6. Threads. A session may be used from any thread, by one call at a time; a second call returns
 *    ZVONOK_BUSY at once, it never waits. zvonok_cancel, zvonok_abi_version, zvonok_version
 *    and zvonok_strerror may be called at any time from any thread. Different sessions are
 *    independent. No thread of the library outlives a call.
 * 7. Callbacks run on the thread that made the call, during the call, with the host's own floating
 *    point settings. From inside one, zvonok_cancel and the three functions without a session work;
 *    any other call on the same session is ZVONOK_BUSY. A callback must return normally: no
 *    exception, no longjmp.
 * 8. Defects. A panic inside the library is caught: the call returns ZVONOK_INTERNAL, its message
 *    and place are in the reply, and from then on every call on that session returns the same; only
 *    zvonok_reply and zvonok_close still work. Other sessions go on.
 * 9. The library prints nothing, ends no process, installs no signal handler, does not read the
 *    working directory or the environment (but for the variable that token_env names), needs
 *    nothing initialised, and stays in memory once loaded. Its SQLite, Luau and TLS are inside and
 *    do not meet the host's own. The state file is opened by this library alone: do not open it
 *    with an SQLite of the host's.
 * 10. Floating point settings and signal dispositions of the host are as before after every call. A
 *     stack of 256 KiB is enough.
 * 11. On 32-bit Windows functions and callbacks are cdecl, their names without decoration. On
 *     Windows there is one export more, which is for rundll32 alone and not declared here:
 *     rundll32 zvonok.dll,run_task_settings C:\zvonok\settings.txt is zvonok_run_task with the
 *     settings of that file; its outcome is in settings.txt.log beside it.
 */

#ifndef ZVONOK_H
#define ZVONOK_H

#include <stddef.h>
#include <stdint.h>

/* How functions are found in the library, and how they are called. */
#ifndef ZVONOK_API
#  if defined(_WIN32)
#    define ZVONOK_API __declspec(dllimport)
#  elif defined(__GNUC__)
#    define ZVONOK_API __attribute__((visibility("default")))
#  else
#    define ZVONOK_API
#  endif
#endif
#ifndef ZVONOK_CALL
#  if defined(_WIN32) && !defined(_WIN64)
#    define ZVONOK_CALL __cdecl
#  else
#    define ZVONOK_CALL
#  endif
#endif

/*
 * The generation of this interface. A program is compiled against one, a library answers
 * zvonok_abi_version with its own; they must be equal.
 */
#define ZVONOK_ABI_VERSION 1

/* Done. */
#define ZVONOK_OK 0

/* Finished, not everything: the time budget is over, or operations failed and are tried again. */
#define ZVONOK_PARTIAL 1

/* Finished; the guard holds removals that a person must approve. */
#define ZVONOK_HELD 2

/* The session is NULL, closed, foreign, or was opened before a fork. */
#define ZVONOK_BAD_HANDLE (-1)

/* An argument is NULL or has a bad length; configuration, options or request are not UTF-8. */
#define ZVONOK_BAD_ARGUMENT (-2)

/* This session is inside a call. */
#define ZVONOK_BUSY (-3)

/* Another session or process runs a cycle on this state file; the reply has its process id. */
#define ZVONOK_LOCKED (-4)

/* Configuration or options refused. */
#define ZVONOK_CONFIG (-5)

/* Roster refused; nothing changed. */
#define ZVONOK_ROSTER (-6)

/* The profile failed; nothing changed. */
#define ZVONOK_PROFILE (-7)

/* State file unreadable, made by a newer version, or its disk full. */
#define ZVONOK_STATE (-8)

/* The messenger could not be reached. */
#define ZVONOK_PLATFORM (-9)

/* The messenger refused the token. */
#define ZVONOK_AUTH (-10)

/* This actor may not do this. */
#define ZVONOK_DENIED (-11)

/* Request not understood, or its object does not exist. */
#define ZVONOK_REQUEST (-12)

/* Cancelled; what was done is kept, the rest goes on next time. */
#define ZVONOK_CANCELLED (-13)

/* A defect of the library, caught; only zvonok_reply and zvonok_close still work. */
#define ZVONOK_INTERNAL (-14)

/* Level of a log line: something failed. */
#define ZVONOK_LOG_ERROR 1

/* Level of a log line: something a person should look at. */
#define ZVONOK_LOG_WARNING 2

/* Level of a log line: what was done. */
#define ZVONOK_LOG_INFO 3

/* Level of a log line: how it was done. */
#define ZVONOK_LOG_DEBUG 4

/* Phase of a cycle: reading the roster and running the profile. */
#define ZVONOK_PHASE_READING 1

/* Phase of a cycle: reading chats in the messenger. */
#define ZVONOK_PHASE_CHECKING 2

/* Phase of a cycle: changing chats in the messenger. */
#define ZVONOK_PHASE_APPLYING 3

/* An open session. Opaque: a handle to be handed back, not a pointer to anything. */
typedef struct zvonok_session zvonok_session;

/*
 * Takes a line for the host's log. text is UTF-8 of len bytes with a NUL after it, borrowed for
 * the time of the callback. It never holds a token, a name, a phone or an e-mail.
 */
typedef void (ZVONOK_CALL *zvonok_log_fn)(void *user_data, int32_t level, const char *text,
    size_t len);

/* Hears how far a phase is. An answer other than 0 cancels the call, as zvonok_cancel does. */
typedef int32_t (ZVONOK_CALL *zvonok_progress_fn)(void *user_data, int32_t phase, uint32_t done,
    uint32_t total);

/*
 * What the library calls. It is copied when a session is opened and need not live on; user_data
 * is handed back to each callback and never looked at. Later versions add members at the end: fill
 * the struct with zeros first and set struct_size, then a program works with older and newer
 * libraries. A smaller size means that the later callbacks are NULL; in a larger one, what this
 * version does not know must be zero.
 */
typedef struct zvonok_host {
  /* sizeof(zvonok_host) of the caller. */
  uint32_t struct_size;
  /* ZVONOK_ABI_VERSION of the caller's header. */
  uint32_t abi_version;
  /* Handed back to the callbacks. */
  void *user_data;
  /* May be NULL. */
  zvonok_log_fn log;
  /* May be NULL. */
  zvonok_progress_fn progress;
} zvonok_host;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The generation of the interface that the loaded library speaks; compare it with
 * ZVONOK_ABI_VERSION before anything else.
 */
ZVONOK_API uint32_t ZVONOK_CALL zvonok_abi_version(void);

/*
 * The library's version, target, SQLite and Luau in one line, for support:
 * zvonok 0.1.0 x86_64-unknown-linux-gnu sqlite 3.x luau 0.x. The text is constant and never NULL.
 */
ZVONOK_API const char *ZVONOK_CALL zvonok_version(void);

/* One English sentence for a code. The text is constant and never NULL, for an unknown code too. */
ZVONOK_API const char *ZVONOK_CALL zvonok_strerror(int32_t code);

/*
 * Opens a session from a configuration in JSON. Checks the configuration, the profile and the state
 * file; the messenger is not asked yet.
 *
 * host may be NULL. *out is set also on failure, so that zvonok_reply can tell the reason;
 * every other call on such a session returns the same code again. Close it in either case.
 *
 * Codes: ZVONOK_OK, ZVONOK_BAD_ARGUMENT (with out NULL nothing is opened), ZVONOK_CONFIG,
 * ZVONOK_PROFILE, ZVONOK_STATE, ZVONOK_INTERNAL.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_open(const char *config, size_t len,
    const struct zvonok_host *host, struct zvonok_session **out);

/*
 * One cycle with a roster in JSON: reads it, asks the profile what should be, does the difference
 * in the messenger, and reports. Returns when done, when the time budget is over, or when
 * cancelled. options is JSON or empty. The reply is the report.
 *
 * Codes: ZVONOK_OK, ZVONOK_PARTIAL, ZVONOK_HELD, and every negative one but ZVONOK_DENIED and
 * ZVONOK_REQUEST.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_sync(struct zvonok_session *s, const char *roster,
    size_t len, const char *options, size_t options_len);

/*
 * As zvonok_sync, with the absolute path of the roster: a JSON file, or a folder or a zip of CSV
 * files, in the form of OneRoster 1.1 or 1.2 or of Microsoft School Data Sync.
 *
 * Codes: as zvonok_sync; what cannot be read is ZVONOK_ROSTER.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_sync_path(struct zvonok_session *s, const char *path,
    size_t len, const char *options, size_t options_len);

/*
 * One question or order from the host's screens, in JSON: {"method","actor","params"}. The reply
 * is the answer.
 *
 * For the test of a host's own error path: {"method":"selftest.panic"} is a defect on purpose.
 *
 * Codes: ZVONOK_OK, ZVONOK_PARTIAL, ZVONOK_HELD, and every negative one.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_request(struct zvonok_session *s, const char *request,
    size_t len);

/*
 * The JSON document of the last call on this session, and its length in bytes where len is not
 * NULL. Never NULL: for a handle that is none, and for a session inside a call, it is a constant
 * error document. Borrowed until the next call on this session or its close.
 */
ZVONOK_API const char *ZVONOK_CALL zvonok_reply(struct zvonok_session *s, size_t *len);

/*
 * Ends the running call of this session soon, with ZVONOK_CANCELLED; what was done is kept, and
 * the next cycle goes on. From any thread, at any time, also from a callback. Without effect while
 * no call runs.
 *
 * Codes: ZVONOK_OK, ZVONOK_BAD_HANDLE.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_cancel(struct zvonok_session *s);

/*
 * Ends a session and the life of its reply. NULL is fine. While a call runs nothing is ended.
 *
 * Codes: ZVONOK_OK, ZVONOK_BUSY, ZVONOK_BAD_HANDLE.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_close(struct zvonok_session *s);

/*
 * A scheduler's whole job: settings, one cycle, the report as the reply and, where the settings
 * name one, in a file (an error goes there too). The settings are JSON, which is the configuration
 * with roster, report and options beside its fields, or a text of key=value lines in UTF-8
 * or windows-1251.
 *
 * *out is set before the cycle begins, so that another thread or a callback may cancel it, and also
 * on failure. Afterwards it is a session like any other. Close it in either case.
 *
 * Codes: as zvonok_open and zvonok_sync.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_run_task(const char *settings, size_t len,
    const struct zvonok_host *host, struct zvonok_session **out);

/*
 * Looks for every fault in a configuration, its profile and a roster, without the state file and
 * without the network. The roster may be NULL with the length 0.
 *
 * The reply is {"format":"zvonok.check/1","faults":[...],"warnings":[...]} whatever the code. The
 * session in *out has no other use; close it.
 *
 * Codes: ZVONOK_OK; else the first of ZVONOK_CONFIG, ZVONOK_PROFILE, ZVONOK_ROSTER that a
 * fault is of; ZVONOK_BAD_ARGUMENT, ZVONOK_INTERNAL.
 */
ZVONOK_API int32_t ZVONOK_CALL zvonok_check(const char *config, size_t len, const char *roster,
    size_t roster_len, struct zvonok_session **out);

#ifdef __cplusplus
}
#endif

#endif  /* ZVONOK_H */
