// Stands between a process that logs and the C library (LD_PRELOAD): writes down what it does to the files below a folder, in the order in
// which it is done, and lets the disk or the clock fail for a while. `shim.rs` compiles it; `trace.rs` reads what it writes.

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
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

enum fault { NONE, FULL, BROKEN, READ_ONLY, SLOW, SHORT, CLOCK };

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;
static enum fault fault = NONE;
static long from_millis, to_millis;
static struct timespec began;
// Failures are counted from the moment at which there is a whole run: what cannot be started is told by an error, which is another test.
static volatile int has_begun;
static unsigned writes;

static long millis_since_start(void) {
    struct timespec now;
    REAL(clock_gettime);
    real(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - began.tv_sec) * 1000 + (now.tv_nsec - began.tv_nsec) / 1000000;
}

__attribute__((constructor)) static void start(void) {
    const char *folder = getenv("ETHOGRAM_SHIM_ROOT"), *file = getenv("ETHOGRAM_SHIM_TRACE"), *how = getenv("ETHOGRAM_SHIM_FAULT");
    if (!folder || strlen(folder) >= sizeof root) return;
    if (file) {
        __typeof__(open) *plain = (__typeof__(open) *)dlsym(RTLD_NEXT, "open");
        trace = plain(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    char name[16] = "";
    if (how && sscanf(how, "%15[a-z_]:%ld:%ld", name, &from_millis, &to_millis) == 3) {
        const char *names[] = {"", "full", "broken", "read_only", "slow", "short", "clock"};
        for (int at = 1; at < 7; at += 1)
            if (!strcmp(name, names[at])) fault = (enum fault)at;
    }
    strcpy(root, folder);
    root_length = strlen(root);
}

static int is_below(const char *path) { return root_length && path && !strncmp(path, root, root_length); }

static int path_of(int fd, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int is_now(enum fault which) {
    if (fault != which || !has_begun) return 0;
    long at = millis_since_start();
    return at >= from_millis && at < to_millis;
}

// The reason for which making something or taking it away fails just now; 0 when it does not.
static int refusal(void) {
    if (is_now(FULL)) return ENOSPC;
    if (is_now(BROKEN)) return EIO;
    return is_now(READ_ONLY) ? EROFS : 0;
}

struct head {
    uint8_t operation, padding[3];
    uint32_t first_length, second_length, more_padding;
    uint64_t inode, offset, time_us;
};

// Called with the lock held, after what was done.
static void note(char operation, uint64_t inode, uint64_t offset, const void *first, size_t first_length, const char *second) {
    if (trace < 0) return;
    __typeof__(write) *plain = (__typeof__(write) *)dlsym(RTLD_NEXT, "write");
    struct timespec now;
    REAL(clock_gettime);
    real(CLOCK_REALTIME, &now);
    struct head head = {.operation = (uint8_t)operation,
                        .first_length = (uint32_t)first_length,
                        .second_length = (uint32_t)strlen(second),
                        .inode = inode,
                        .offset = offset,
                        .time_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000};
    const void *parts[] = {&head, first, second};
    size_t lengths[] = {sizeof head, first_length, head.second_length};
    for (int part = 0; part < 3; part += 1)
        for (size_t done = 0; done < lengths[part];) {
            ssize_t count = plain(trace, (const char *)parts[part] + done, lengths[part] - done);
            if (count <= 0) abort();
            done += (size_t)count;
        }
}

static uint64_t inode_of(const char *path) {
    struct stat found;
    return lstat(path, &found) ? 0 : found.st_ino;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, bytes, length);
    if (is_now(SLOW)) usleep(150000);
    pthread_mutex_lock(&one_at_a_time);
    int why = refusal();
    // A disk that fills up takes a part first.
    if (why == ENOSPC && length > 1 && writes++ % 2 == 0) {
        length /= 2;
        why = 0;
    }
    if (is_now(SHORT) && length > 1) length /= 2;
    ssize_t count = -1;
    if (!why) {
        count = real(fd, bytes, length);
        struct stat found;
        if (count > 0 && !fstat(fd, &found))
            note('W', found.st_ino, (uint64_t)(lseek(fd, 0, SEEK_CUR) - count), bytes, (size_t)count, "");
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (why) errno = why;
    return count;
}

// A short write is as good as a whole one.
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, parts, count);
    for (int part = 0; part < count; part += 1)
        if (parts[part].iov_len) return write(fd, parts[part].iov_base, parts[part].iov_len);
    return 0;
}

static int synced(int fd, int (*real)(int)) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd);
    if (is_now(SLOW)) usleep(150000);
    pthread_mutex_lock(&one_at_a_time);
    int why = is_now(BROKEN) ? EIO : 0, done = -1;
    if (!why) {
        done = real(fd);
        struct stat found;
        if (!done && !fstat(fd, &found)) note(S_ISDIR(found.st_mode) ? 'D' : 'S', found.st_ino, 0, path, strlen(path), "");
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (why) errno = why;
    return done;
}

int fsync(int fd) {
    REAL(fsync);
    return synced(fd, real);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return synced(fd, real);
}

static int opened(const char *path, int flags, mode_t mode, int (*real)(const char *, int, ...)) {
    int changes = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
    if (!changes || !is_below(path)) return real(path, flags, mode);
    pthread_mutex_lock(&one_at_a_time);
    int is_new = !inode_of(path), why = is_new || is_now(READ_ONLY) ? refusal() : 0, fd = -1;
    if (!why) {
        fd = real(path, flags, mode);
        struct stat found;
        if (fd >= 0 && !fstat(fd, &found) && S_ISREG(found.st_mode)) {
            if (is_new) note('C', found.st_ino, 0, path, strlen(path), "");
            else if (flags & O_TRUNC) note('T', found.st_ino, 0, path, strlen(path), "");
        }
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (why) errno = why;
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = (mode_t)va_arg(more, int); \
        va_end(more); \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    REAL(open);
    return opened(path, flags, mode, real);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    REAL(open64);
    return opened(path, flags, mode, real);
}

// Everything that changes names: what is done, and what is noted when it was.
#define NAMES(call, operation, subject, first, second) \
    { \
        if (!is_below(first)) return call; \
        pthread_mutex_lock(&one_at_a_time); \
        uint64_t inode = inode_of(subject); \
        int why = refusal(), done = -1; \
        if (why == ENOSPC && operation == 'U') why = 0; \
        int error = why; \
        if (!why) { \
            done = call; \
            error = errno; \
            if (!done) note(operation, inode ? inode : inode_of(subject), 0, first, strlen(first), second); \
        } \
        pthread_mutex_unlock(&one_at_a_time); \
        if (done) errno = error; \
        return done; \
    }

int rename(const char *from, const char *to) {
    REAL(rename);
    size_t length = strlen(to), last = strlen("/status.json");
    if (!has_begun && is_below(to) && length > last && !strcmp(to + length - last, "/status.json")) {
        __typeof__(clock_gettime) *plain = (__typeof__(clock_gettime) *)dlsym(RTLD_NEXT, "clock_gettime");
        plain(CLOCK_MONOTONIC, &began);
        has_begun = 1;
    }
    NAMES(real(from, to), 'R', from, from, to)
}

int link(const char *from, const char *to) {
    REAL(link);
    NAMES(real(from, to), 'L', from, from, to)
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    REAL(linkat);
    NAMES(real(from_folder, from, to_folder, to, flags), 'L', from, from, to)
}

int unlink(const char *path) {
    REAL(unlink);
    NAMES(real(path), 'U', path, path, "")
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    NAMES(real(path, mode), 'M', path, path, "")
}

static int cut(int fd, off_t length, int (*real)(int, off_t)) {
    char path[PATH_MAX];
    if (!path_of(fd, path)) return real(fd, length);
    pthread_mutex_lock(&one_at_a_time);
    int why = is_now(BROKEN) || is_now(READ_ONLY) ? refusal() : 0, done = -1;
    if (!why) {
        done = real(fd, length);
        struct stat found;
        if (!done && !fstat(fd, &found)) note('T', found.st_ino, (uint64_t)length, path, strlen(path), "");
    }
    pthread_mutex_unlock(&one_at_a_time);
    if (why) errno = why;
    return done;
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return cut(fd, length, real);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return cut(fd, length, (int (*)(int, off_t))real);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int done = real(clock, time);
    if (!done && clock == CLOCK_REALTIME && is_now(CLOCK)) {
        static const long hours[] = {0, 1, -1, 720, -8760, 0, -2, 2};
        time->tv_sec += hours[millis_since_start() / 250 % 8] * 3600;
    }
    return done;
}
