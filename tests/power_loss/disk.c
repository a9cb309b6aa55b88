/* A disk that forgets what was not synced, for a test.
 *
 * Loaded before the C library. For files in the folder KEYWAY_POWER_LOSS_LIVE it keeps a second folder,
 * KEYWAY_POWER_LOSS_DISK: what would be found there after loss of power. Writes go to the live file, so the
 * process reads what it wrote; they reach the disk folder when the file is synced and not before. A new file is
 * on the disk only once its folder was synced too. Nothing is really synced: the disk folder is ordinary files,
 * and the process is killed, not the machine.
 *
 * KEYWAY_POWER_LOSS_LEAK: of 100 sectors written and not synced, how many reach the disk all the same. A real
 * disk gives no promise about them, so each is drawn by lot (KEYWAY_POWER_LOSS_SEED).
 *
 * Not covered, because SQLite does not use it on these files: writing through mmap, writev, fallocate. The
 * shared-memory file (-shm) is written through mmap and is not on the disk: it is made anew after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 16
#define FDS_MAX 4096
#define SECTOR 512

/* One write that was not synced; a truncation when `bytes` is null. */
struct pending {
    struct pending *next;
    off_t at;
    size_t length;
    char *bytes;
};

struct file {
    char name[NAME_MAX + 1]; /* empty: the live folder itself */
    int disk_fd;
    int entry_is_synced;
    struct pending *first, *last;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static int files_used;
static struct file *by_fd[FDS_MAX];
static char live[PATH_MAX], disk[PATH_MAX];
static unsigned leak;
static uint64_t lot;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

static void die(const char *what) {
    perror(what);
    _exit(111);
}

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    const char *l = getenv("KEYWAY_POWER_LOSS_LIVE"), *d = getenv("KEYWAY_POWER_LOSS_DISK");
    const char *share = getenv("KEYWAY_POWER_LOSS_LEAK"), *seed = getenv("KEYWAY_POWER_LOSS_SEED");
    if (!l || !d) return;
    snprintf(live, sizeof live, "%s", l);
    snprintf(disk, sizeof disk, "%s", d);
    leak = share ? (unsigned)atoi(share) : 0;
    lot = seed ? strtoull(seed, NULL, 10) : 1;
    /* A sign for the test that the disk is really in between. */
    char sign[PATH_MAX + 16];
    snprintf(sign, sizeof sign, "%s/spinning", disk);
    int fd = real_open(sign, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) die("spinning");
    real_close(fd);
}

static unsigned draw(void) { /* SplitMix64 */
    uint64_t z = (lot += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % 100);
}

static void place(const struct file *file, int synced, char *path) {
    snprintf(path, PATH_MAX + NAME_MAX + 16, "%s/%s%s", disk, file->name, synced ? "" : ".no-entry");
}

/* The name within the live folder; null for anything elsewhere and for the shared memory. */
static const char *name_in_live(const char *path) {
    size_t n = strlen(live);
    if (n == 0 || strncmp(path, live, n) != 0) return NULL;
    if (path[n] == '\0') return "";
    if (path[n] != '/' || strchr(path + n + 1, '/')) return NULL;
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return NULL;
    return path + n + 1;
}

static struct file *known(const char *name) {
    for (int i = 0; i < files_used; i++)
        if (strcmp(files[i].name, name) == 0) return &files[i];
    return NULL;
}

static void track(int fd, const char *path) {
    const char *name = name_in_live(path);
    if (fd < 0 || !name) return;
    if (fd >= FDS_MAX) die("too many descriptors");
    pthread_mutex_lock(&lock);
    struct file *file = known(name);
    if (!file) {
        if (files_used == FILES_MAX) die("too many files");
        file = &files[files_used++];
        snprintf(file->name, sizeof file->name, "%s", name);
        file->disk_fd = -1;
        if (*name) {
            char there[PATH_MAX + NAME_MAX + 16];
            place(file, 1, there);
            file->entry_is_synced = access(there, F_OK) == 0;
            place(file, file->entry_is_synced, there);
            file->disk_fd = real_open(there, O_RDWR | O_CREAT, 0600);
            if (file->disk_fd < 0) die("disk file");
        }
    }
    by_fd[fd] = file;
    pthread_mutex_unlock(&lock);
}

static struct file *tracked(int fd) { return fd >= 0 && fd < FDS_MAX ? by_fd[fd] : NULL; }

static void put(int fd, const char *bytes, size_t length, off_t at) {
    while (length > 0) {
        ssize_t n = real_pwrite(fd, bytes, length, at);
        if (n <= 0) die("disk write");
        bytes += n, at += n, length -= (size_t)n;
    }
}

/* Keeps a write (or, without bytes, a truncation) until its file is synced. */
static void keep(struct file *file, const char *bytes, size_t length, off_t at) {
    if (!*file->name) return;
    struct pending *p = calloc(1, sizeof *p);
    if (!p) die("memory");
    p->at = at;
    p->length = length;
    if (bytes) {
        p->bytes = malloc(length ? length : 1);
        if (!p->bytes) die("memory");
        memcpy(p->bytes, bytes, length);
        for (size_t from = 0; leak && from < length; from += SECTOR) {
            size_t part = length - from < SECTOR ? length - from : SECTOR;
            if (draw() < leak) put(file->disk_fd, bytes + from, part, at + (off_t)from);
        }
    }
    if (file->last) file->last->next = p;
    else file->first = p;
    file->last = p;
}

static void sync_entries(void) {
    for (int i = 0; i < files_used; i++) {
        if (!*files[i].name || files[i].entry_is_synced) continue;
        char from[PATH_MAX + NAME_MAX + 16], to[PATH_MAX + NAME_MAX + 16];
        place(&files[i], 0, from);
        place(&files[i], 1, to);
        if (rename(from, to) != 0) die("disk entry");
        files[i].entry_is_synced = 1;
    }
}

static int sync_file(struct file *file) {
    pthread_mutex_lock(&lock);
    if (!*file->name) sync_entries();
    /* In order, also those that leaked: a later write must win over an earlier one. */
    while (file->first) {
        struct pending *p = file->first;
        if (p->bytes) put(file->disk_fd, p->bytes, p->length, p->at);
        else if (real_ftruncate(file->disk_fd, p->at) != 0) die("disk truncate");
        file->first = p->next;
        free(p->bytes);
        free(p);
    }
    file->last = NULL;
    pthread_mutex_unlock(&lock);
    return 0;
}

static int opened(const char *path, int flags, mode_t mode) {
    int fd = real_open(path, flags, mode);
    track(fd, path);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return opened(path, flags, mode);
}

int close(int fd) {
    if (fd >= 0 && fd < FDS_MAX) by_fd[fd] = NULL;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    struct file *file = tracked(fd);
    if (!file) return real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t n = real_write(fd, bytes, length);
    if (n > 0) keep(file, bytes, (size_t)n, at);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    struct file *file = tracked(fd);
    if (!file) return real_pwrite(fd, bytes, length, at);
    pthread_mutex_lock(&lock);
    ssize_t n = real_pwrite(fd, bytes, length, at);
    if (n > 0) keep(file, bytes, (size_t)n, at);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

int ftruncate64(int fd, off_t length) {
    struct file *file = tracked(fd);
    if (!file) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int result = real_ftruncate(fd, length);
    if (result == 0) keep(file, NULL, 0, length);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fsync(int fd) {
    struct file *file = tracked(fd);
    return file ? sync_file(file) : real_fsync(fd);
}

int fdatasync(int fd) {
    struct file *file = tracked(fd);
    return file ? sync_file(file) : real_fdatasync(fd);
}

