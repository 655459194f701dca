/*
 * Preloaded into the client: makes writes to files whose path begins with BAD_DISK_FILES go wrong as long as the first byte of BAD_DISK_MODE says so.
 * 'e': EIO for each write and sync. 's': every other write is cut to a half. Anything else: nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *files;
static volatile const char *mode;
static unsigned turns;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("BAD_DISK_MODE");
  files = getenv("BAD_DISK_FILES");
  int fd = path && files ? open(path, O_RDONLY) : -1;
  if (fd < 0) return;
  void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (page != MAP_FAILED) mode = page;
}

static char wrong(int fd) {
  char link[64], path[4096];
  if (!mode || (*mode != 'e' && *mode != 's')) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strncmp(path, files, strlen(files)) == 0 ? *mode : 0;
}

static int fail(void) {
  errno = EIO;
  return -1;
}

static size_t cut(char how, size_t size) { return how == 's' && size > 1 && turns++ % 2 == 0 ? size / 2 : size; }

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *from, size_t size) {
  REAL(write);
  char how = wrong(fd);
  return how == 'e' ? fail() : real(fd, from, cut(how, size));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
  REAL(pwrite);
  char how = wrong(fd);
  return how == 'e' ? fail() : real(fd, from, cut(how, size), at);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
  REAL(pwrite64);
  char how = wrong(fd);
  return how == 'e' ? fail() : real(fd, from, cut(how, size), at);
}

int fsync(int fd) {
  REAL(fsync);
  return wrong(fd) == 'e' ? fail() : real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return wrong(fd) == 'e' ? fail() : real(fd);
}
