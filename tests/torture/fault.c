/* torture/fault.c - which call fails, in a program built with -DFAULTS=ON: the file named by
 * FAULTS_CONTROL is shared with a runner (torture/control.mjs), which says there which call shall fail and
 * reads how many there were. Without it nothing fails. SQLite's reads, writes, syncs and memory pass
 * through here too.
 *
 * While nothing fails, the runner may ask for places too: a call's place is the program's own functions it
 * stands in, from the innermost outward, with the line of each; calls made again and again from one place
 * are one. Of each place the first call is kept.
 *
 * SQLite: "The SQLite OS Interface or VFS", sqlite3_config(SQLITE_CONFIG_MALLOC). */
#include "base/fault.h"

#include "got.h"

#include <execinfo.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PLACES = 1 << 14, FRAMES = 64, DEPTH = 8 };

/* One place: the first call of its kind there. */
struct place {
    _Atomic uint64_t name; /* 0: none */
    _Atomic uint64_t call; /* kind << 56 | number, from 1; 0: being written */
    uint32_t at[DEPTH];    /* where its functions stand, from the start of the program; 0: no more */
};

/* Little-endian, as torture/control.mjs writes it. */
struct control {
    _Atomic uint32_t kind;    /* of enum fault_kind, from 1, that fails; 0: none */
    _Atomic uint32_t forever; /* all of its kind after the first fail too */
    _Atomic uint64_t at;      /* the call of its kind that fails, from 1 */
    _Atomic uint64_t failed;
    _Atomic uint64_t seen[FAULT_KINDS];
    _Atomic uint32_t depth; /* places are asked for, of so many functions each */
    _Atomic uint32_t full;  /* so many found no room */
    struct place place[PLACES];
};

static struct control *control;

extern const char __executable_start[], etext[]; /* of the linker */

/* Where the program's own functions stand that lead here, the innermost first: the same in each run of one
 * build. One that calls itself stands for one. Gives FNV-1a of it. */
static uint64_t place_find(enum fault_kind kind, uint32_t depth, uint32_t ret_at[DEPTH])
{
    void *frames[FRAMES];
    uint32_t found = 0;
    uint64_t h = 0xcbf29ce484222325 ^ kind;
    int n = backtrace(frames, FRAMES);
    for (int i = 3; i < n && found < depth; i++) { /* not these two, nor fault_here */
        const char *p = frames[i];
        uint32_t at = (uint32_t)(p - __executable_start);
        if (p >= __executable_start && p < etext && (found == 0 || at != ret_at[found - 1])) {
            h = (h ^ at) * 0x100000001b3;
            ret_at[found++] = at;
        }
    }
    return h == 0 ? 1 : h;
}

static void place_keep(struct control *c, enum fault_kind kind, uint64_t n)
{
    uint32_t at[DEPTH] = {0};
    uint32_t depth = atomic_load(&c->depth);
    uint64_t name = place_find(kind, depth < DEPTH ? depth : DEPTH, at);
    for (uint64_t i = name % PLACES, left = PLACES; left > 0; i = (i + 1) % PLACES, left--) {
        struct place *p = &c->place[i];
        uint64_t there = 0;
        if (atomic_compare_exchange_strong(&p->name, &there, name)) {
            memcpy(p->at, at, sizeof(at));
            atomic_store(&p->call, (uint64_t)kind << 56 | n);
            return;
        }
        if (there == name) {
            return;
        }
    }
    atomic_fetch_add(&c->full, 1);
}

bool fault_here(enum fault_kind kind)
{
    struct control *c = control;
    if (c == NULL) {
        return false;
    }
    uint64_t n = atomic_fetch_add(&c->seen[kind], 1) + 1;
    if (atomic_load(&c->depth) > 0) {
        place_keep(c, kind, n);
    }
    uint64_t at = atomic_load(&c->at);
    if (atomic_load(&c->kind) != kind + 1 || n < at || (n > at && atomic_load(&c->forever) == 0)) {
        return false;
    }
    atomic_fetch_add(&c->failed, 1);
    return true;
}

bool fault_struck(void)
{
    return control != NULL && atomic_load(&control->failed) > 0;
}

/* ---- SQLite's files ---- */

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this one, in the same memory */
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)(void *)f)->real;
}

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_READ : real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_WRITE : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), n);
}

static int f_sync(sqlite3_file *f, int flags)
{
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_FSTAT : real_of(f)->pMethods->xFileSize(real_of(f), n);
}

static int f_lock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xLock(real_of(f), how);
}

static int f_unlock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), how);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int f_control(sqlite3_file *f, int op, void *p)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, p);
}

static int f_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int f_is(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return fault_here(FAULT_PAGES)
               ? SQLITE_IOERR_SHMMAP
               : real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int f_shm_unmap(sqlite3_file *f, int del)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), del);
}

/* Version 2: no memory-mapped reads, so that each goes through f_read. */
static const sqlite3_io_methods methods = {
    2,          f_close,   f_read,    f_write,  f_truncate, f_sync,    f_size,     f_lock,        f_unlock,
    f_reserved, f_control, f_sector,  f_is,     f_shm_map,  f_shm_lock, f_shm_barrier, f_shm_unmap, NULL,
    NULL,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct file *mine = (void *)f;
    (void)vfs;
    *mine = (struct file){.real = (sqlite3_file *)(void *)(mine + 1)};
    memset(mine->real, 0, (size_t)real_vfs->szOsFile);
    int e = fault_here(FAULT_PAGES) ? SQLITE_CANTOPEN
                                    : real_vfs->xOpen(real_vfs, name, mine->real, flags, out);
    mine->base.pMethods = e == SQLITE_OK ? &methods : NULL;
    return e;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    return fault_here(FAULT_PAGES) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync);
}

/* ---- SQLite's memory ---- */

static sqlite3_mem_methods real_heap;

static void *m_new(int n)
{
    return fault_here(FAULT_HEAP) ? NULL : real_heap.xMalloc(n);
}

static void *m_grow(void *p, int n)
{
    return fault_here(FAULT_HEAP) ? NULL : real_heap.xRealloc(p, n);
}

/* Before main(): SQLite takes its memory and files from here. */
static void __attribute__((constructor)) begin(void)
{
    static sqlite3_vfs vfs;
    const char *path = getenv("FAULTS_CONTROL");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *p = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (p == MAP_FAILED || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_heap) != SQLITE_OK) {
        abort();
    }
    sqlite3_mem_methods heap = real_heap;
    heap.xMalloc = m_new;
    heap.xRealloc = m_grow;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &heap) != SQLITE_OK ||
        (real_vfs = sqlite3_vfs_find(NULL)) == NULL) {
        abort();
    }
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "faults";
    vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    vfs.xOpen = v_open;
    vfs.xDelete = v_delete;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
        abort();
    }
    control = p;
}
