/* A layer between a program and the disk: loaded with LD_PRELOAD, it stands below everything that the program does to
 * the files of one directory, whichever library does it. It writes down each change and each sync in the order in which
 * they happened, and lets those fail that it is ordered to.
 *
 * FAULTS_ROOT    the directory, without links in its path; files elsewhere are left alone
 * FAULTS_TRACE   where to write down what happens; if it is not set, nothing is
 * FAULTS_ORDERS  a file with orders, read before each operation, one a line:
 *                OPERATION PREFIX SKIP TIMES WHAT
 *                the operation (write, resize, open, rename, unlink, mkdir, sync, range, or change for all but the
 *                last two) on paths below the root that begin with PREFIX (are it, if it ends with $; - for all) goes
 *                well SKIP times; then, TIMES times (0: for ever), WHAT happens: an error's number, short (half of a
 *                write), or kill.
 *
 * Everything is asked of the kernel itself, so nothing here depends on which of a function's names is called. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_ORDERS 16
#define SHORT_WRITE (-1)
#define KILL (-2)

static char root[PATH_MAX];
static size_t root_length;
static char orders_path[PATH_MAX];
static int trace = -1;
static uint64_t last_token;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct order {
    char operation[16];
    char prefix[128];
    long skip, times, seen;
    int what;
};
static struct order orders[MAX_ORDERS];
static int order_count;
static char orders_text[4096];

/* What the trace consists of: this, then the path, then the bytes written. */
struct __attribute__((packed)) entry {
    char kind;
    char zeros[3];
    uint32_t path_length;
    uint64_t inode;
    uint64_t number;
    uint64_t data_length;
};

static void put(char kind, const char *path, size_t path_length, uint64_t inode, uint64_t number, const void *data, size_t length) {
    if (trace < 0) return;
    struct entry entry = {kind, {0}, (uint32_t)path_length, inode, number, length};
    struct iovec parts[3] = {{&entry, sizeof entry}, {(void *)path, path_length}, {(void *)data, length}};
    ssize_t expected = (ssize_t)(sizeof entry + path_length + length);
    if (syscall(SYS_writev, trace, parts, 3) != expected) {
        static const char why[] = "the trace cannot be written\n";
        syscall(SYS_write, 2, why, sizeof why - 1);
        abort();
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *from = getenv("FAULTS_ROOT");
    if (!from) return;
    snprintf(root, sizeof root, "%s", from);
    root_length = strlen(root);
    const char *by = getenv("FAULTS_ORDERS");
    if (by) snprintf(orders_path, sizeof orders_path, "%s", by);
    const char *to = getenv("FAULTS_TRACE");
    struct stat about;
    if (!to || stat(root, &about) != 0) return;
    trace = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    put('B', "", 0, about.st_ino, 0, NULL, 0);
}

/* The part of a path below the root, or null. */
static const char *below(const char *path) {
    if (root_length == 0 || strncmp(path, root, root_length) != 0) return NULL;
    if (path[root_length] == '\0') return path + root_length;
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return 1;
}

/* The part below the root of an open file's present path, or null. */
static const char *below_fd(int fd, char *path) {
    int before = errno;
    const char *name = root_length != 0 && path_of(fd, path) ? below(path) : NULL;
    errno = before;
    return name;
}

/* The same of a path that is relative to a directory. */
static const char *below_at(int directory, const char *path, char *whole) {
    if (root_length == 0 || path == NULL) return NULL;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
        return below(whole);
    }
    char base[PATH_MAX];
    if (directory == AT_FDCWD ? getcwd(base, sizeof base) == NULL : !path_of(directory, base)) return NULL;
    if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return NULL;
    return below(whole);
}

static uint64_t inode_of(int fd) {
    struct stat about;
    return fstat(fd, &about) == 0 ? about.st_ino : 0;
}

static void read_orders(void) {
    char text[sizeof orders_text] = {0};
    int file = (int)syscall(SYS_openat, AT_FDCWD, orders_path, O_RDONLY | O_CLOEXEC, 0);
    if (file >= 0) {
        ssize_t length = syscall(SYS_read, file, text, sizeof text - 1);
        text[length < 0 ? 0 : length] = '\0';
        syscall(SYS_close, file);
    }
    if (strcmp(text, orders_text) == 0) return;
    memcpy(orders_text, text, sizeof text);
    order_count = 0;
    char *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL && order_count < MAX_ORDERS) {
        struct order *order = &orders[order_count];
        char what[16];
        if (sscanf(line, "%15s %127s %ld %ld %15s", order->operation, order->prefix, &order->skip, &order->times, what) != 5) continue;
        order->what = strcmp(what, "short") == 0 ? SHORT_WRITE : strcmp(what, "kill") == 0 ? KILL : atoi(what);
        order->seen = 0;
        order_count++;
    }
}

static int is_meant(const char *prefix, const char *name) {
    size_t length = strlen(prefix);
    if (strcmp(prefix, "-") == 0) return 1;
    if (prefix[length - 1] == '$') return strlen(name) == length - 1 && strncmp(name, prefix, length - 1) == 0;
    return strncmp(name, prefix, length) == 0;
}

/* What is to happen to an operation: nothing (0), a number of an error, or a short write. The lock is held. */
static int ordered(const char *operation, const char *name) {
    if (orders_path[0] == '\0') return 0;
    int before = errno, outcome = 0;
    read_orders();
    for (int index = 0; index < order_count; index++) {
        struct order *order = &orders[index];
        int is_change = strcmp(operation, "sync") != 0 && strcmp(operation, "range") != 0;
        if (strcmp(order->operation, operation) != 0 && !(is_change && strcmp(order->operation, "change") == 0)) continue;
        if (!is_meant(order->prefix, name)) continue;
        order->seen++;
        int is_due = order->seen > order->skip && (order->times == 0 || order->seen <= order->skip + order->times);
        if (is_due && outcome == 0) outcome = order->what;
    }
    errno = before;
    if (outcome == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    return outcome;
}

static long refused(int error) {
    pthread_mutex_unlock(&lock);
    errno = error;
    return -1;
}

static long done(long result) {
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

static int open_file(int directory, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    int changes = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
    const char *name = changes ? below_at(directory, path, whole) : NULL;
    if (!name) return (int)syscall(SYS_openat, directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    int what = ordered("open", name);
    if (what > 0) return (int)refused(what);
    struct stat about;
    int was_there = fstatat(AT_FDCWD, whole, &about, 0) == 0;
    int fd = (int)syscall(SYS_openat, directory, path, flags, mode);
    if (fd >= 0 && (flags & O_TMPFILE) == O_TMPFILE) put('?', name, strlen(name), 0, 0, NULL, 0);
    else if (fd >= 0 && !was_there) put('C', name, strlen(name), inode_of(fd), 0, NULL, 0);
    else if (fd >= 0 && (flags & O_TRUNC) && about.st_size > 0) put('T', name, strlen(name), inode_of(fd), 0, NULL, 0);
    return (int)done(fd);
}

static mode_t mode_of(int flags, va_list rest) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                         \
    int name(const char *path, int flags, ...) {           \
        va_list rest;                                      \
        va_start(rest, flags);                             \
        mode_t mode = mode_of(flags, rest);                \
        va_end(rest);                                      \
        return open_file(AT_FDCWD, path, flags, mode);     \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                            \
    int name(int directory, const char *path, int flags, ...) { \
        va_list rest;                                           \
        va_start(rest, flags);                                  \
        mode_t mode = mode_of(flags, rest);                     \
        va_end(rest);                                           \
        return open_file(directory, path, flags, mode);         \
    }
OPENAT(openat)
OPENAT(openat64)

int creat(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open_file(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

/* Writes at a place, or where the file stands if it is negative. */
static ssize_t write_file(int fd, const void *data, size_t length, off_t at) {
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (!name) return at < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, at);
    pthread_mutex_lock(&lock);
    int what = ordered("write", name);
    if (what > 0) return refused(what);
    if (what == SHORT_WRITE && length > 1) length /= 2;
    ssize_t written = at < 0 ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, at);
    /* Afterwards the file stands behind what was written, even if it is one that is only appended to. */
    if (written > 0 && at < 0) at = lseek(fd, 0, SEEK_CUR) - written;
    if (written > 0) put('W', name, strlen(name), inode_of(fd), (uint64_t)at, data, (size_t)written);
    return done(written);
}

/* A short answer is a right one: the caller writes the rest. */
static ssize_t write_first(int fd, const struct iovec *parts, int count, off_t at) {
    for (int index = 0; index < count; index++)
        if (parts[index].iov_len > 0) return write_file(fd, parts[index].iov_base, parts[index].iov_len, at);
    return 0;
}

ssize_t write(int fd, const void *data, size_t length) { return write_file(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return write_file(fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return write_file(fd, data, length, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    return below_fd(fd, path) ? write_first(fd, parts, count, -1) : syscall(SYS_writev, fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return write_first(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return write_first(fd, parts, count, at); }

/* Copying inside the kernel is not offered, so that the copied bytes are seen. */
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
    char path[PATH_MAX];
    if (!below_fd(to, path)) return syscall(SYS_copy_file_range, from, from_at, to, to_at, length, flags);
    errno = ENOSYS;
    return -1;
}

static int resize(int fd, off_t size) {
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (!name) return (int)syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int what = ordered("resize", name);
    if (what > 0) return (int)refused(what);
    int result = (int)syscall(SYS_ftruncate, fd, size);
    if (result == 0) put('T', name, strlen(name), inode_of(fd), (uint64_t)size, NULL, 0);
    return (int)done(result);
}

int ftruncate(int fd, off_t size) { return resize(fd, size); }
int ftruncate64(int fd, off64_t size) { return resize(fd, size); }

static int allocate(int fd, int mode, off_t at, off_t length) {
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (!name) return (int)syscall(SYS_fallocate, fd, mode, at, length);
    pthread_mutex_lock(&lock);
    int what = ordered("resize", name);
    if (what > 0) return (int)refused(what);
    struct stat before = {0};
    fstat(fd, &before);
    int result = (int)syscall(SYS_fallocate, fd, mode, at, length);
    if (result == 0 && mode != 0) put('?', name, strlen(name), 0, 0, NULL, 0);
    else if (result == 0 && at + length > before.st_size)
        put('T', name, strlen(name), inode_of(fd), (uint64_t)(at + length), NULL, 0);
    return (int)done(result);
}

int fallocate(int fd, int mode, off_t at, off_t length) { return allocate(fd, mode, at, length); }
int fallocate64(int fd, int mode, off64_t at, off64_t length) { return allocate(fd, mode, at, length); }
int posix_fallocate(int fd, off_t at, off_t length) { return allocate(fd, 0, at, length) == 0 ? 0 : errno; }
int posix_fallocate64(int fd, off64_t at, off64_t length) { return allocate(fd, 0, at, length) == 0 ? 0 : errno; }

static int move(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    char from_whole[PATH_MAX], to_whole[PATH_MAX], both[2 * PATH_MAX];
    const char *from_name = below_at(from_directory, from, from_whole), *to_name = below_at(to_directory, to, to_whole);
    if (!from_name && !to_name) return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    pthread_mutex_lock(&lock);
    int what = ordered("rename", to_name ? to_name : from_name);
    if (what > 0) return (int)refused(what);
    int result = (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
    if (result == 0 && from_name && to_name && flags == 0) {
        size_t length = strlen(from_name) + 1;
        memcpy(both, from_name, length);
        memcpy(both + length, to_name, strlen(to_name) + 1);
        put('R', both, length + strlen(to_name), 0, 0, NULL, 0);
    } else if (result == 0) put('?', from_whole, strlen(from_whole), 0, 0, NULL, 0);
    return (int)done(result);
}

int rename(const char *from, const char *to) { return move(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_directory, const char *from, int to_directory, const char *to) {
    return move(from_directory, from, to_directory, to, 0);
}
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
    return move(from_directory, from, to_directory, to, flags);
}

/* Links are not something that the trace can tell of. */
static int make_link(int from_directory, const char *from, int to_directory, const char *to, int flags) {
    char whole[PATH_MAX];
    const char *name = below_at(to_directory, to, whole);
    if (name) {
        pthread_mutex_lock(&lock);
        put('?', name, strlen(name), 0, 0, NULL, 0);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
}

int link(const char *from, const char *to) { return make_link(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
    return make_link(from_directory, from, to_directory, to, flags);
}

static int take_away(int directory, const char *path, int flags) {
    char whole[PATH_MAX];
    const char *name = below_at(directory, path, whole);
    if (!name) return (int)syscall(SYS_unlinkat, directory, path, flags);
    pthread_mutex_lock(&lock);
    int what = ordered("unlink", name);
    if (what > 0) return (int)refused(what);
    int result = (int)syscall(SYS_unlinkat, directory, path, flags);
    if (result == 0) put('U', name, strlen(name), 0, 0, NULL, 0);
    return (int)done(result);
}

int unlink(const char *path) { return take_away(AT_FDCWD, path, 0); }
int unlinkat(int directory, const char *path, int flags) { return take_away(directory, path, flags); }
int rmdir(const char *path) { return take_away(AT_FDCWD, path, AT_REMOVEDIR); }

static int make_directory(int directory, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    const char *name = below_at(directory, path, whole);
    if (!name) return (int)syscall(SYS_mkdirat, directory, path, mode);
    struct stat about;
    pthread_mutex_lock(&lock);
    /* Where there is one, it is that what the kernel says, whatever the disk. */
    int what = stat(whole, &about) == 0 ? 0 : ordered("mkdir", name);
    if (what > 0) return (int)refused(what);
    int result = (int)syscall(SYS_mkdirat, directory, path, mode);
    if (result == 0 && stat(whole, &about) == 0) put('D', name, strlen(name), about.st_ino, 0, NULL, 0);
    return (int)done(result);
}

int mkdir(const char *path, mode_t mode) { return make_directory(AT_FDCWD, path, mode); }
int mkdirat(int directory, const char *path, mode_t mode) { return make_directory(directory, path, mode); }

/* What was written while a sync is under way may or may not be synced, so its begin and its end are written down. */
static int sync_file(int fd, long how) {
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (!name) return (int)syscall(how, fd);
    pthread_mutex_lock(&lock);
    int what = ordered("sync", name);
    if (what > 0) return (int)refused(what);
    uint64_t token = ++last_token;
    put('S', name, strlen(name), inode_of(fd), token, NULL, 0);
    pthread_mutex_unlock(&lock);
    int result = (int)syscall(how, fd);
    if (result != 0) return result;
    pthread_mutex_lock(&lock);
    put('E', "", 0, 0, token, NULL, 0);
    return (int)done(result);
}

int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }

/* It makes nothing durable: neither a file's size nor what lies in the disk's cache. So it is not written down. */
int sync_file_range(int fd, off64_t at, off64_t length, unsigned flags) {
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (name) {
        pthread_mutex_lock(&lock);
        int what = ordered("range", name);
        if (what > 0) return (int)refused(what);
        pthread_mutex_unlock(&lock);
    }
    return (int)syscall(SYS_sync_file_range, fd, at, length, flags);
}
