/* os/file.c - files and directories. See file.h. */
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "os/random.h"

/* Here the disk may fail (base/fault.h). */
#define FAULT_POINT(rq, what)               \
    do {                                    \
        if (fault_here(FAULT_DISK)) {       \
            errno = EIO;                    \
            return io_fail((rq), (what));   \
        }                                   \
    } while (0)

static enum err io_fail(struct req *rq, const char *what)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR: return FAIL(rq, E_NOT_FOUND, "%s: errno %d", what, errno);
    case EEXIST: return FAIL(rq, E_CONFLICT, "%s: errno %d", what, errno);
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return FAIL(rq, E_FULL, "%s: errno %d", what, errno);
    case EMFILE:
    case ENFILE: return FAIL(rq, E_BUSY, "%s: errno %d", what, errno);
    default: return FAIL(rq, E_IO, "%s: errno %d", what, errno);
    }
}

enum err os_path(struct req *rq, struct str dir, struct str name, char out[OS_PATH_MAX])
{
    if (dir.p == NULL || name.p == NULL || dir.n + name.n + 2 > OS_PATH_MAX ||
        memchr(dir.p, 0, dir.n) != NULL || memchr(name.p, 0, name.n) != NULL) {
        return FAIL(rq, E_TOO_LARGE, "path");
    }
    memcpy(out, dir.p, dir.n);
    out[dir.n] = '/';
    memcpy(out + dir.n + 1, name.p, name.n);
    out[dir.n + 1 + name.n] = 0;
    return OK;
}

static enum err open_with(struct req *rq, const char *path, int flags, int *ret_fd)
{
    FAULT_POINT(rq, "open");
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        return io_fail(rq, "open");
    }
    *ret_fd = fd;
    return OK;
}

enum err os_open_read(struct req *rq, const char *path, int *ret_fd)
{
    return open_with(rq, path, O_RDONLY, ret_fd);
}

enum err os_open_write(struct req *rq, const char *path, int *ret_fd)
{
    return open_with(rq, path, O_RDWR | O_CREAT, ret_fd);
}

enum err os_open_new(struct req *rq, const char *path, int *ret_fd)
{
    return open_with(rq, path, O_RDWR | O_CREAT | O_EXCL, ret_fd);
}

enum err os_open_nameless(struct req *rq, const char *dir, int *ret_fd)
{
    FAULT_POINT(rq, "open");
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == EOPNOTSUPP || errno == EISDIR ? FAIL(rq, E_UNSUPPORTED, "nameless files")
                                                      : io_fail(rq, "open");
    }
    *ret_fd = fd;
    return OK;
}

void os_close(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

void os_close_p(int *fd)
{
    os_close(*fd);
    *fd = -1;
}

enum err os_read_at(struct req *rq, int fd, uint64_t offset, void *p, size_t n, size_t *ret_n)
{
    FAULT_POINT(rq, "read");
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)p + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_fail(rq, "read");
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
    }
    *ret_n = done;
    return OK;
}

enum err os_write_at(struct req *rq, int fd, uint64_t offset, const void *p, size_t n)
{
    FAULT_POINT(rq, "write");
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(fd, (const char *)p + done, n - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return io_fail(rq, "write");
        }
        done += (size_t)put;
    }
    return OK;
}

void os_sync_start(int fd, uint64_t at, uint64_t n)
{
    if (n > 0) { /* a hint: os_sync() tells of failures */
        (void)!sync_file_range(fd, (off_t)at, (off_t)n, SYNC_FILE_RANGE_WRITE);
    }
}

enum err os_sync(struct req *rq, int fd)
{
    FAULT_POINT(rq, "fsync");
    return fsync(fd) == 0 ? OK : io_fail(rq, "fsync");
}

enum err os_sync_dir(struct req *rq, const char *dir)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(open_with(rq, dir, O_RDONLY | O_DIRECTORY, &fd));
    return os_sync(rq, fd);
}

enum err os_sync_parent(struct req *rq, const char *path)
{
    char dir[OS_PATH_MAX];
    struct str p = str_z(path);
    size_t cut = p.n;
    while (cut > 0 && path[cut - 1] != '/') {
        cut--;
    }
    if (cut >= sizeof(dir)) {
        return FAIL(rq, E_TOO_LARGE, "path");
    }
    memcpy(dir, path, cut);
    dir[cut] = 0;
    return os_sync_dir(rq, cut > 0 ? dir : ".");
}

enum err os_sync_all(struct req *rq, const char *path)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(open_with(rq, path, O_RDONLY, &fd));
    return syncfs(fd) == 0 ? OK : io_fail(rq, "syncfs");
}

enum err os_size(struct req *rq, int fd, uint64_t *ret_bytes)
{
    FAULT_POINT(rq, "fstat");
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return io_fail(rq, "fstat");
    }
    *ret_bytes = (uint64_t)st.st_size;
    return OK;
}

enum err os_changed(struct req *rq, const char *path, struct instant *ret_at)
{
    FAULT_POINT(rq, "stat");
    struct stat st;
    if (stat(path, &st) != 0) {
        return io_fail(rq, "stat");
    }
    *ret_at = (struct instant){(int64_t)st.st_mtim.tv_sec * MS_SECOND + st.st_mtim.tv_nsec / 1000000};
    return OK;
}

enum err os_truncate(struct req *rq, int fd, uint64_t bytes)
{
    FAULT_POINT(rq, "ftruncate");
    return ftruncate(fd, (off_t)bytes) == 0 ? OK : io_fail(rq, "ftruncate");
}

enum err os_rename(struct req *rq, const char *from, const char *to)
{
    FAULT_POINT(rq, "rename");
    return rename(from, to) == 0 ? OK : io_fail(rq, "rename");
}

enum err os_link(struct req *rq, const char *from, const char *to)
{
    FAULT_POINT(rq, "link");
    return link(from, to) == 0 ? OK : io_fail(rq, "link");
}

enum err os_remove(struct req *rq, const char *path)
{
    FAULT_POINT(rq, "unlink");
    return unlink(path) == 0 || errno == ENOENT ? OK : io_fail(rq, "unlink");
}

enum err os_mkdir(struct req *rq, const char *path)
{
    FAULT_POINT(rq, "mkdir");
    return mkdir(path, 0700) == 0 || errno == EEXIST ? OK : io_fail(rq, "mkdir");
}

enum err os_mkdir_shared(struct req *rq, const char *path)
{
    TRY(os_mkdir(rq, path));
    return chmod(path, 02770) == 0 ? OK : io_fail(rq, "chmod");
}

enum err os_rmdir(struct req *rq, const char *path)
{
    FAULT_POINT(rq, "rmdir");
    return rmdir(path) == 0 || errno == ENOENT ? OK : io_fail(rq, "rmdir");
}

enum err os_here(struct req *rq, char out[OS_PATH_MAX])
{
    return getcwd(out, OS_PATH_MAX) != NULL ? OK : io_fail(rq, "getcwd");
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    return kind == FTW_NS ? -1 : remove(path);
}

enum err os_remove_tree(struct req *rq, const char *path)
{
    enum { FOLDERS_OPEN = 16 };
    if (!os_exists(path)) {
        return OK;
    }
    return nftw(path, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) == 0 ? OK
                                                                            : io_fail(rq, "remove tree");
}

bool os_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool os_is_mounted(const char *path)
{
    struct statx st;
    return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &st) == 0
           && (st.stx_attributes & st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool os_is_folder(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum err os_rights_of(struct req *rq, const char *path, struct os_rights *ret_rights)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return io_fail(rq, "stat");
    }
    *ret_rights = (struct os_rights){st.st_mode & 07777, st.st_uid, S_ISDIR(st.st_mode)};
    return OK;
}

enum err os_size_of(struct req *rq, const char *path, uint64_t *ret_bytes)
{
    FAULT_POINT(rq, "stat");
    struct stat st;
    if (stat(path, &st) != 0) {
        return io_fail(rq, "stat");
    }
    *ret_bytes = (uint64_t)st.st_size;
    return OK;
}

static enum err hold(struct req *rq, const char *path, int how, int *ret_fd)
{
    FAULT_POINT(rq, "lock");
    int fd = -1;
    int r;
    TRY(os_open_write(rq, path, &fd));
    do {
        r = flock(fd, how);
    } while (r != 0 && errno == EINTR);
    if (r != 0) {
        int e = errno;
        os_close(fd);
        return FAIL(rq, e == EWOULDBLOCK ? E_CONFLICT : E_IO, "lock errno %d", e);
    }
    *ret_fd = fd;
    return OK;
}

enum err os_hold(struct req *rq, const char *path, int *ret_fd)
{
    return hold(rq, path, LOCK_EX | LOCK_NB, ret_fd);
}

enum err os_hold_wait(struct req *rq, const char *path, int *ret_fd)
{
    return hold(rq, path, LOCK_EX, ret_fd);
}

uint64_t os_files_may(uint64_t n)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return n;
    }
    if (limit.rlim_cur < n) {
        const struct rlimit more = {MIN(n, limit.rlim_max), limit.rlim_max};
        limit.rlim_cur = setrlimit(RLIMIT_NOFILE, &more) == 0 ? more.rlim_cur : limit.rlim_cur;
    }
    return limit.rlim_cur;
}

enum err os_free_bytes(struct req *rq, const char *path, uint64_t *ret_bytes)
{
    FAULT_POINT(rq, "statvfs");
    struct statvfs v;
    if (statvfs(path, &v) != 0) {
        return io_fail(rq, "statvfs");
    }
    *ret_bytes = (uint64_t)v.f_bavail * (uint64_t)v.f_frsize;
    return OK;
}

struct mapping {
    void *p;
    size_t n;
};

static void unmap(void *p)
{
    const struct mapping *m = p;
    (void)!munmap(m->p, m->n);
}

enum err os_map(struct req *rq, int fd, size_t n, struct str *ret_bytes)
{
    FAULT_POINT(rq, "mmap");
    struct mapping *m = ARENA_NEW(rq->a, struct mapping);
    TRY_MEM(rq, m);
    if (n == 0) {
        *ret_bytes = S("");
        return OK;
    }
    *m = (struct mapping){mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0), n};
    if (m->p == MAP_FAILED) {
        return io_fail(rq, "mmap");
    }
    if (!arena_defer(rq->a, unmap, m)) {
        unmap(m);
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_bytes = (struct str){m->p, n};
    return OK;
}

enum err os_read_file(struct req *rq, const char *path, size_t cap, struct str *ret_bytes)
{
    CLEANUP(os_close_p) int fd = -1;
    uint64_t size;
    size_t got;
    TRY(os_open_read(rq, path, &fd));
    TRY(os_size(rq, fd, &size));
    if (size > cap) {
        return FAIL(rq, E_TOO_LARGE, "file of %" PRIu64 " bytes, at most %zu", size, cap);
    }
    char *p = arena_alloc_raw(rq->a, (size_t)size);
    TRY_MEM(rq, p);
    TRY(os_read_at(rq, fd, 0, p, (size_t)size, &got));
    *ret_bytes = (struct str){p, got};
    return OK;
}

static enum err write_new(struct req *rq, const char *path, struct str bytes, unsigned mode)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(os_open_new(rq, path, &fd));
    if (fchmod(fd, mode) != 0) {
        return io_fail(rq, "fchmod");
    }
    TRY(os_write_at(rq, fd, 0, bytes.p, bytes.n));
    return os_sync(rq, fd);
}

enum err os_write_file(struct req *rq, const char *path, struct str bytes, unsigned mode)
{
    static const char suffix[] = ".new-";
    char tmp[OS_PATH_MAX];
    char id[OS_ID_LEN + 1];
    struct str p = str_z(path);
    if (p.n + sizeof(suffix) + sizeof(id) > sizeof(tmp)) {
        return FAIL(rq, E_TOO_LARGE, "path");
    }
    os_id(id);
    memcpy(tmp, path, p.n);
    memcpy(tmp + p.n, suffix, sizeof(suffix) - 1);
    memcpy(tmp + p.n + sizeof(suffix) - 1, id, sizeof(id));
    enum err e = write_new(rq, tmp, bytes, mode);
    if (e == OK) {
        e = os_rename(rq, tmp, path);
    }
    if (e != OK) {
        unlink(tmp);
        return e;
    }
    return os_sync_parent(rq, path);
}

enum err os_each_entry(struct req *rq, const char *dir, os_entry_fn fn, void *ctx)
{
    FAULT_POINT(rq, "opendir");
    DIR *d = opendir(dir);
    enum err e = OK;
    if (d == NULL) {
        return io_fail(rq, "opendir");
    }
    for (struct dirent *ent = readdir(d); ent != NULL && e == OK; ent = readdir(d)) {
        if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0) {
            e = fn(rq, ent->d_name, ctx);
        }
    }
    closedir(d);
    return e;
}
