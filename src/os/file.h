/* os/file.h - files and directories, made durable on purpose.
 *
 * Paths are NUL-ended C strings here: this is the edge. Every failure is E_IO, or E_FULL when the
 * disk or a quota is full, E_BUSY when no file can be opened now, or E_NOT_FOUND when it is not there;
 * details name errno only.
 */
#pragma once

#include "base/req.h"

enum {
    OS_PATH_MAX = 1024 /* longest path built by os_path(), with its NUL */
};

/* dir + "/" + name into out.
 *
 * errors   E_TOO_LARGE  longer than OS_PATH_MAX, or a NUL byte inside
 */
MUST_USE enum err os_path(struct req *rq, struct str dir, struct str name, char out[OS_PATH_MAX]);

/* gives *ret_fd, close it with os_close(). Read only. */
MUST_USE enum err os_open_read(struct req *rq, const char *path, int *ret_fd);
/* gives *ret_fd: created when absent (mode 0600), open for reading and writing, not truncated. */
MUST_USE enum err os_open_write(struct req *rq, const char *path, int *ret_fd);
/* gives *ret_fd: must not exist yet (E_CONFLICT). */
MUST_USE enum err os_open_new(struct req *rq, const char *path, int *ret_fd);
/* gives *ret_fd: a file in dir that has no name, for reading and writing; it is gone once closed.
 * errors  E_UNSUPPORTED  the file system has none such */
MUST_USE enum err os_open_nameless(struct req *rq, const char *dir, int *ret_fd);
/* -1 is allowed. For CLEANUP use os_close_p(). */
void os_close(int fd);
void os_close_p(int *fd);

/* Up to n bytes at offset; *ret_n is 0 at the end of the file. */
MUST_USE enum err os_read_at(struct req *rq, int fd, uint64_t offset, void *p, size_t n,
                             size_t *ret_n);
/* All n bytes at offset. */
MUST_USE enum err os_write_at(struct req *rq, int fd, uint64_t offset, const void *p, size_t n);
/* Begins to write n bytes at offset at out, without waiting: a sync is quicker after it. */
void os_sync_start(int fd, uint64_t at, uint64_t n);
/* The bytes (and the size) are on the disk afterwards. */
MUST_USE enum err os_sync(struct req *rq, int fd);
/* The directory's entries are on the disk afterwards. */
MUST_USE enum err os_sync_dir(struct req *rq, const char *dir);
/* The same of the folder path stands in: what was made, renamed or removed there as path stays so. */
MUST_USE enum err os_sync_parent(struct req *rq, const char *path);
/* All files of the file system path is on, whoever wrote them: for a folder other programs filled.
 * costs   waits for whatever else is written to it
 * errors  E_NOT_FOUND */
MUST_USE enum err os_sync_all(struct req *rq, const char *path);
MUST_USE enum err os_size(struct req *rq, int fd, uint64_t *ret_bytes);
/* When it was written to last. errors  E_NOT_FOUND */
MUST_USE enum err os_changed(struct req *rq, const char *path, struct instant *ret_at);
MUST_USE enum err os_truncate(struct req *rq, int fd, uint64_t bytes);
/* Replaces what stands at to. Durable after os_sync_dir() of both directories. */
MUST_USE enum err os_rename(struct req *rq, const char *from, const char *to);
/* A second name for the same bytes, in the same file system (E_CONFLICT when to is there). */
MUST_USE enum err os_link(struct req *rq, const char *from, const char *to);
/* A file that is already gone is no failure. */
MUST_USE enum err os_remove(struct req *rq, const char *path);
/* One level; an existing directory is no failure. Mode 0700. */
MUST_USE enum err os_mkdir(struct req *rq, const char *path);
/* The same for a folder another program of our group writes into too: mode 02770. */
MUST_USE enum err os_mkdir_shared(struct req *rq, const char *path);
/* An empty folder; one that is gone is no failure. */
MUST_USE enum err os_rmdir(struct req *rq, const char *path);
/* The folder this process works in. */
MUST_USE enum err os_here(struct req *rq, char out[OS_PATH_MAX]);
/* Removes a folder with all in it; what is not there is no failure. Links are removed, not followed.
 * errors  E_IO */
MUST_USE enum err os_remove_tree(struct req *rq, const char *path);
bool os_exists(const char *path);
/* Whether a disk or another folder is mounted there: such a folder cannot be named anew. */
bool os_is_mounted(const char *path);
/* Not a link to one. */
bool os_is_folder(const char *path);
struct os_rights {
    unsigned mode; /* the permission bits, 0..07777 */
    unsigned owner; /* number of its user */
    bool is_folder;
};
/* Whose a file or folder is, and who may what. errors  E_NOT_FOUND */
MUST_USE enum err os_rights_of(struct req *rq, const char *path, struct os_rights *ret_rights);
/* errors  E_NOT_FOUND */
MUST_USE enum err os_size_of(struct req *rq, const char *path, uint64_t *ret_bytes);
/* Bytes an ordinary user may still write on the file system of path. */
MUST_USE enum err os_free_bytes(struct req *rq, const char *path, uint64_t *ret_bytes);

/* Holds a file, made when absent, for this process alone until *ret_fd is closed, however the process ends.
 * errors  E_CONFLICT  another process holds it */
MUST_USE enum err os_hold(struct req *rq, const char *path, int *ret_fd);
/* The same, after whoever holds it lets go. costs  waits */
MUST_USE enum err os_hold_wait(struct req *rq, const char *path, int *ret_fd);
/* Lets this process have n files and connections open at one time, as far as it may; gives how many it may
 * have then. */
uint64_t os_files_may(uint64_t n);

/* The whole file, into the request's arena.
 *
 * errors   E_NOT_FOUND, E_IO; E_TOO_LARGE  above cap bytes
 */
MUST_USE enum err os_read_file(struct req *rq, const char *path, size_t cap, struct str *ret_bytes);
/* The file's n bytes as memory, read only, until the request ends (or arena_back() to before). The file must
 * not become shorter meanwhile. n 0: empty. */
MUST_USE enum err os_map(struct req *rq, int fd, size_t n, struct str *ret_bytes);
/* Writes path + ".new-ID", syncs it, renames it over path, syncs the directory: afterwards either the
 * old or the new content is there, never a part. mode as for open(2), 0600 for secrets. */
MUST_USE enum err os_write_file(struct req *rq, const char *path, struct str bytes, unsigned mode);

/* Calls fn for each entry of a directory but "." and "..", in no order, until it fails.
 * name is borrowed for the call. */
typedef enum err (*os_entry_fn)(struct req *rq, const char *name, void *ctx);
MUST_USE enum err os_each_entry(struct req *rq, const char *dir, os_entry_fn fn, void *ctx);
