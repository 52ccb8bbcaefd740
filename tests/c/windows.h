/* What these hosts use of Unix, on Windows: libraries by path, texts in UTF-8 however the system
 * writes them, and the traps of floating point, which old compilers leave open. */
#ifndef WINDOWS_H
#define WINDOWS_H

#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <shellapi.h>

#include <fenv.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RTLD_NOW 0
#define RTLD_LOCAL 0
#define RTLD_NOLOAD 1

static inline wchar_t *wide(const char *text) {
  static wchar_t texts[8][1024];
  static unsigned next;
  wchar_t *wide = texts[next++ % 8];
  if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, 1024) == 0) exit(2);
  return wide;
}

static inline void *dlopen(const char *path, int flags) {
  wchar_t *name = wide(path);
  for (wchar_t *at = name; *at != 0; at++) {
    if (*at == '/') *at = '\\';
  }
  return flags & RTLD_NOLOAD ? GetModuleHandleW(name) : LoadLibraryW(name);
}

static inline const char *dlerror(void) {
  static char text[32];
  snprintf(text, sizeof text, "error %lu", GetLastError());
  return text;
}

static inline void *dlsym(void *library, const char *name) {
  return (void *)(ULONG_PTR)GetProcAddress((HMODULE)library, name);
}

static inline int dlclose(void *library) { return FreeLibrary((HMODULE)library) ? 0 : 1; }

static inline FILE *fopen_utf8(const char *path, const char *mode) {
  return _wfopen(wide(path), wide(mode));
}
#define fopen fopen_utf8

static inline int access_utf8(const char *path, int mode) { return _waccess(wide(path), mode); }
#define access access_utf8

/* The arguments as they were given, not in the machine's code page. */
static inline char **arguments_utf8(void) {
  int count = 0;
  wchar_t **given = CommandLineToArgvW(GetCommandLineW(), &count);
  char **argv = calloc((size_t)count + 1, sizeof *argv);
  for (int at = 0; at < count; at++) {
    int size = WideCharToMultiByte(CP_UTF8, 0, given[at], -1, NULL, 0, NULL, NULL);
    argv[at] = malloc((size_t)size);
    WideCharToMultiByte(CP_UTF8, 0, given[at], -1, argv[at], size, NULL, NULL);
  }
  return argv;
}

/* Which exceptions trap in either unit, x87 and SSE. */
static inline int fegetexcept(void) {
  unsigned short x87;
  unsigned sse;
  __asm__ volatile("fnstcw %0" : "=m"(x87));
  __asm__ volatile("stmxcsr %0" : "=m"(sse));
  return ~(x87 & (int)(sse >> 7)) & FE_ALL_EXCEPT;
}

static inline void set_traps(int excepts) {
  unsigned short x87;
  unsigned sse;
  __asm__ volatile("fnclex; fnstcw %0" : "=m"(x87));
  __asm__ volatile("stmxcsr %0" : "=m"(sse));
  x87 = (unsigned short)((x87 | 0x3f) & ~excepts);
  sse = (sse | 0x1f80) & ~((unsigned)excepts << 7) & ~0x3fu;
  __asm__ volatile("fldcw %0" : : "m"(x87));
  __asm__ volatile("ldmxcsr %0" : : "m"(sse));
}

static inline int feenableexcept(int excepts) {
  set_traps(excepts);
  return 0;
}

static inline void fedisableexcept(int excepts) {
  (void)excepts;
  set_traps(0);
}

#endif
