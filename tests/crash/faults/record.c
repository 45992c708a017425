/*
 * Records what a process does to the files below one directory, and makes a call fail where it is told to.
 *
 * Loaded with LD_PRELOAD in front of libc. Every call that changes files is made while a lock is held and written to
 * the record behind it, so that the record has the order in which the kernel saw the calls. What a process writes to
 * standard output is in the record too: that is how it acknowledges.
 *
 *   FAULTS_ROOT  the directory; absolute
 *   FAULTS_LOG   the record; appended to
 *   FAULTS_FAIL  how:n   the n-th counted call does not do what it should:
 *                eio     it fails with EIO, once
 *                enospc  it and all that take more space later fail with ENOSPC
 *                torn    a write takes half of its bytes; all that take more space later fail with ENOSPC
 *                short   a write takes half of its bytes, once: no failure, the caller has to go on
 *
 * A record is: kind (1), file (8), offset (8), flags (4), length (4), length (4), that many bytes, that many bytes;
 * little-endian. `file` is a number that each opening gets.
 */
#define _GNU_SOURCE
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
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 65536
#define CREATED 1
#define TRUNCATED 2
#define DIRECTORY 4

enum fault { NONE, EIO_ONCE, ENOSPC_EVER, TORN, SHORT_ONCE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int record_fd = -1;
static uint64_t files[FILES]; /* by descriptor; 0: not below the root */
static char is_counted[FILES];
static uint64_t next_file;
static enum fault fault;
static long fault_at, calls;
static int is_full;

__attribute__((constructor)) static void begin(void) {
    const char *told = getenv("FAULTS_ROOT"), *log = getenv("FAULTS_LOG"), *fail = getenv("FAULTS_FAIL");
    if (!told || !log) return;
    snprintf(root, sizeof root, "%s", told);
    root_length = strlen(root);
    next_file = (uint64_t)getpid() << 32;
    record_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (!fail) return;
    const char *names[] = {"", "eio", "enospc", "torn", "short"};
    const char *colon = strchr(fail, ':');
    for (int i = EIO_ONCE; colon && i <= SHORT_ONCE; i++)
        if (strlen(names[i]) == (size_t)(colon - fail) && !strncmp(fail, names[i], (size_t)(colon - fail))) fault = i;
    fault_at = colon ? atol(colon + 1) : 0;
}

static void note(char kind, uint64_t file, uint64_t offset, uint32_t flags, const void *one, size_t n_one,
                 const void *two, size_t n_two) {
    int kept = errno;
    unsigned char head[29];
    uint32_t lengths[2] = {(uint32_t)n_one, (uint32_t)n_two};
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &file, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &flags, 4);
    memcpy(head + 21, lengths, 8);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)one, n_one}, {(void *)two, n_two}};
    size_t all = sizeof head + n_one + n_two;
    if (syscall(SYS_writev, record_fd, parts, 3) != (long)all) abort(); /* a record with a gap proves nothing */
    errno = kept;
}

static void note_path(char kind, const char *one, const char *two) {
    note(kind, 0, 0, 0, one, strlen(one), two, two ? strlen(two) : 0);
}

/* The absolute path in its plainest form; 0 where it is not below the root. */
static int below(int directory, const char *path, char *plain) {
    char joined[2 * PATH_MAX], link[64];
    if (record_fd < 0 || !path) return 0;
    if (path[0] == '/') {
        snprintf(joined, sizeof joined, "%s", path);
    } else {
        char base[PATH_MAX];
        if (directory == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
            ssize_t n = readlink(link, base, sizeof base - 1);
            if (n < 0) return 0;
            base[n] = 0;
        }
        snprintf(joined, sizeof joined, "%s/%s", base, path);
    }
    size_t n = 0;
    for (const char *at = joined; *at && n < PATH_MAX - 1;) {
        if (at[0] == '/' && (at[1] == '/' || at[1] == 0)) { at++; continue; }
        if (at[0] == '/' && at[1] == '.' && (at[2] == '/' || at[2] == 0)) { at += 2; continue; }
        plain[n++] = *at++;
    }
    plain[n] = 0;
    return !strncmp(plain, root, root_length) && (plain[root_length] == '/' || plain[root_length] == 0);
}

/* RocksDB's diagnostics and lock hold nothing of the register. */
static int counts(const char *plain) {
    const char *name = strrchr(plain, '/');
    return name && strncmp(name, "/LOG", 4) && strcmp(name, "/LOCK");
}

/* Whether this call is to fail: -1 with errno set, 1 where a write is to be short, else 0. */
static int fails(int takes_space, const char *what, const char *path) {
    calls++;
    int is_it = fault != NONE && calls == fault_at;
    if (is_it && fault == EIO_ONCE) { errno = EIO; }
    else if (is_it && fault == ENOSPC_EVER) { is_full = 1; errno = ENOSPC; }
    else if (is_it && (fault == TORN || fault == SHORT_ONCE)) {
        is_full = fault == TORN;
        note_path('X', what, path);
        return 1;
    }
    if (!is_it && is_full && takes_space) errno = ENOSPC;
    else if (!is_it || fault == TORN || fault == SHORT_ONCE) return 0;
    if (is_it && fault == ENOSPC_EVER && !takes_space) return 0;
    note_path('X', what, path);
    return -1;
}

static uint64_t file_of(int fd) { return record_fd >= 0 && fd >= 0 && fd < FILES ? files[fd] : 0; }

static int opened(int directory, const char *path, int flags, mode_t mode) {
    char plain[PATH_MAX];
    if (!below(directory, path, plain)) return (int)syscall(SYS_openat, directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    int was_there = !syscall(SYS_faccessat, AT_FDCWD, plain, F_OK);
    int changes = ((flags & O_CREAT) && !was_there) || ((flags & O_TRUNC) && was_there);
    int fd = changes && counts(plain) && fails(flags & O_CREAT, "open", plain) < 0
                 ? -1 : (int)syscall(SYS_openat, directory, path, flags, mode);
    if (fd >= 0 && fd < FILES) {
        struct stat stat;
        uint32_t told = !was_there ? CREATED : flags & O_TRUNC ? TRUNCATED : 0;
        if (!fstat(fd, &stat) && S_ISDIR(stat.st_mode)) told |= DIRECTORY;
        files[fd] = ++next_file;
        is_counted[fd] = (char)counts(plain);
        note('O', files[fd], 0, told, plain, strlen(plain), NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define WITH_MODE(flags, mode) mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { WITH_MODE(flags, mode) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { WITH_MODE(flags, mode) return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { WITH_MODE(flags, mode) return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { WITH_MODE(flags, mode) return opened(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (file_of(fd)) files[fd] = 0;
    int closed = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return closed;
}

static int copied(int from, int to) {
    if (to >= 0 && to < FILES) { files[to] = file_of(from); is_counted[to] = from >= 0 && from < FILES && is_counted[from]; }
    return to;
}
int dup(int fd) { return copied(fd, (int)syscall(SYS_dup, fd)); }
int dup2(int fd, int to) { return copied(fd, fd == to ? to : (int)syscall(SYS_dup3, fd, to, 0)); }
int dup3(int fd, int to, int flags) { return copied(fd, (int)syscall(SYS_dup3, fd, to, flags)); }

static ssize_t written(int fd, const void *bytes, size_t count, off_t offset, int is_placed) {
    uint64_t file = file_of(fd);
    if (!file && (fd != STDOUT_FILENO || record_fd < 0))
        return is_placed ? syscall(SYS_pwrite64, fd, bytes, count, offset) : syscall(SYS_write, fd, bytes, count);
    pthread_mutex_lock(&lock);
    ssize_t done = -1;
    if (!file) {
        done = syscall(SYS_write, fd, bytes, count);
        if (done > 0) note('A', 0, 0, 0, bytes, (size_t)done, NULL, 0);
    } else {
        int failing = 0;
        if (is_counted[fd]) {
            char link[64], path[PATH_MAX];
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t n = readlink(link, path, sizeof path - 1);
            path[n > 0 ? n : 0] = 0;
            failing = fails(1, "write", path);
        }
        if (failing > 0 && count > 1) count /= 2;
        if (!is_placed) {
            struct stat stat;
            int appends = fcntl(fd, F_GETFL) & O_APPEND;
            offset = appends && !fstat(fd, &stat) ? stat.st_size : lseek(fd, 0, SEEK_CUR);
        }
        if (failing >= 0)
            done = is_placed ? syscall(SYS_pwrite64, fd, bytes, count, offset) : syscall(SYS_write, fd, bytes, count);
        if (done > 0) note('W', file, (uint64_t)offset, 0, bytes, (size_t)done, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t write(int fd, const void *bytes, size_t count) { return written(fd, bytes, count, 0, 0); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) { return written(fd, bytes, count, at, 1); }
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) { return written(fd, bytes, count, at, 1); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!file_of(fd) && fd != STDOUT_FILENO) return syscall(SYS_writev, fd, parts, count);
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = written(fd, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (done < 0) return all ? all : -1;
        all += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return all;
}

/* Whoever copies has to write what he read: these copy in the kernel, unseen. */
ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t count, unsigned flags) {
    if (file_of(out)) { errno = ENOSYS; return -1; }
    return syscall(SYS_copy_file_range, in, in_at, out, out_at, count, flags);
}
ssize_t sendfile(int out, int in, off_t *at, size_t count) {
    if (file_of(out)) { errno = ENOSYS; return -1; }
    return syscall(SYS_sendfile, out, in, at, count);
}
ssize_t sendfile64(int out, int in, off_t *at, size_t count) { return sendfile(out, in, at, count); }

static int synced(int fd, long call) {
    uint64_t file = file_of(fd);
    if (!file) return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    /* Not really synced: nobody takes power away here, and the record says what would be lost. */
    int done = is_counted[fd] && fails(0, "sync", path) < 0 ? -1 : 0;
    note(done ? 'F' : 'S', file, 0, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int cut(int fd, off_t length) {
    uint64_t file = file_of(fd);
    if (!file) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int done = is_counted[fd] && fails(0, "truncate", "") < 0 ? -1 : (int)syscall(SYS_ftruncate, fd, length);
    if (!done) note('T', file, (uint64_t)length, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }
int truncate(const char *path, off_t length) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int done = ftruncate(fd, length), kept = errno;
    close(fd);
    errno = kept;
    return done;
}
int truncate64(const char *path, off_t length) { return truncate(path, length); }

/* Space that is set aside changes no file, unless it changes the length. */
static int set_aside(int fd, int mode, off_t at, off_t length) {
    struct stat before, after;
    if (!file_of(fd)) return (int)syscall(SYS_fallocate, fd, mode, at, length);
    pthread_mutex_lock(&lock);
    fstat(fd, &before);
    int done = (int)syscall(SYS_fallocate, fd, mode, at, length);
    if (!done && !fstat(fd, &after) && before.st_size != after.st_size)
        note('T', file_of(fd), (uint64_t)after.st_size, 0, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int fallocate(int fd, int mode, off_t at, off_t length) { return set_aside(fd, mode, at, length); }
int fallocate64(int fd, int mode, off_t at, off_t length) { return set_aside(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { return set_aside(fd, 0, at, length) ? errno : 0; }

/* Calls that change a name, or two. */
static int named(char kind, const char *what, int at, const char *one, int other_at, const char *two, long call,
                 long flags) {
    char plain[PATH_MAX], other[PATH_MAX] = "";
    int is_ours = below(at, one, plain), is_other = two && below(other_at, two, other);
    pthread_mutex_lock(&lock);
    int is_bad = (is_ours || is_other) && counts(is_ours ? plain : other)
                 && fails(kind == 'M' || kind == 'L', what, is_ours ? plain : other) < 0;
    int done = is_bad ? -1 : (int)(two ? syscall(call, at, one, other_at, two, flags) : syscall(call, at, one, flags));
    if (!done && (is_ours || is_other)) note_path(kind, is_ours ? plain : "", two ? other : NULL);
    pthread_mutex_unlock(&lock);
    return done;
}
int rename(const char *a, const char *b) { return named('R', "rename", AT_FDCWD, a, AT_FDCWD, b, SYS_renameat2, 0); }
int renameat(int at, const char *a, int to, const char *b) { return named('R', "rename", at, a, to, b, SYS_renameat2, 0); }
int renameat2(int at, const char *a, int to, const char *b, unsigned flags) {
    return named('R', "rename", at, a, to, b, SYS_renameat2, (long)flags);
}
int link(const char *a, const char *b) { return named('L', "link", AT_FDCWD, a, AT_FDCWD, b, SYS_linkat, 0); }
int linkat(int at, const char *a, int to, const char *b, int flags) {
    return named('L', "link", at, a, to, b, SYS_linkat, flags);
}
int unlink(const char *path) { return named('U', "unlink", AT_FDCWD, path, 0, NULL, SYS_unlinkat, 0); }
int rmdir(const char *path) { return named('U', "rmdir", AT_FDCWD, path, 0, NULL, SYS_unlinkat, AT_REMOVEDIR); }
int unlinkat(int at, const char *path, int flags) { return named('U', "unlink", at, path, 0, NULL, SYS_unlinkat, flags); }
int mkdir(const char *path, mode_t mode) { return named('M', "mkdir", AT_FDCWD, path, 0, NULL, SYS_mkdirat, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return named('M', "mkdir", at, path, 0, NULL, SYS_mkdirat, mode); }
