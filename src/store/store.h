/* store/store.h - the data folder: one SQLite file, one writer thread, read handles per thread.
 *
 * DIR/consilium.db (+ -wal, -shm), DIR/blobs/, DIR/server.key, DIR/audit.head, DIR/backup.last.
 * Everything is written through transactions (store/tx.h) by one thread that commits many of them
 * with one sync; everything is read through handles (store/db.h), one per thread.
 */
#pragma once

#include "base/req.h"

struct store;
struct db;
struct tx;

struct fhir_rules; /* fhir/validate.h */

struct store_opts {
    uint64_t free_floor_bytes; /* writes are refused with E_FULL below this; 0: 64 MiB */
    uint32_t batch_txs;        /* most transactions of one commit; 0: 256 */
    uint32_t batch_us;         /* a batch stops growing after this long; 0: 2000 */
    bool read_only;            /* no writer thread: commands that only look */
    const struct fhir_rules *rules; /* what validation made ready once, for whoever has a handle:
                                     * db_rules(); NULL none. Outlives the store */
};

/* The schema this program makes and needs: what data folders call user_version. */
unsigned store_schema(void);

/* Opens the data folder, creating it and its schema when absent, and starts the writer.
 *
 * gives    *ret_store: end with store_close()
 * borrows  opts (NULL: defaults); dir is copied
 * errors   E_IO, E_FULL; E_UNSUPPORTED  the file is from a newer program
 */
MUST_USE enum err store_open(struct req *rq, struct str dir, const struct store_opts *opts,
                             struct store **ret_store);
/* Waits for what was submitted, writes the audit head, stops the writer. Handles made by
 * store_db_open() must be closed first. */
void store_close(struct store *st);
/* The data folder's path. borrows st. */
const char *store_dir(const struct store *st);

/* gives a read handle for the calling thread alone; end with store_db_close(). NULL when the
 * database cannot be opened. Put it into req.db. */
struct db *store_db_open(struct store *st);
void store_db_close(struct db *db);
/* The handle keeps the current bodies it gave out lately, within so many bytes: for handles that answer
 * many requests. Once for a handle. */
void store_db_keep(struct db *db, size_t bytes);

/* What a committed transaction tells the world; see tx_event(). */
enum event_kind {
    EVENT_CASE,   /* topic: store_hash of the case id: its page may have changed */
    EVENT_PERSON, /* topic: store_hash of the person id: notices, own lists */
    EVENT_DESK,   /* topic: store_hash of the organisation id: the coordinator's desk */
    EVENT_DIRECTORY, /* topic 0: an organisation, service, person, role or duty changed, or another
                      * process wrote to the folder */
    EVENT_SUB,    /* topic: store_hash of the Subscription's id: it has new events */
    EVENT_ROOM,   /* topic: signals_room_topic() or signals_seat_topic() of care/signal.h */
    EVENT_ROOM_END, /* topic: signals_room_topic(): its meeting ended, everybody leaves */
    EVENT_ROOM_LEAVE, /* the same, part: a seat: who sits there leaves */
    EVENT_ROOM_OUT,   /* the same: who sits there was removed */
};
struct store_event {
    enum event_kind kind;
    uint32_t part; /* of the topic; 0 */
    uint64_t topic;
};
/* Called on the writer thread after each commit with its events in order, before the done()
 * callbacks. fn must be quick and must not wait. Set once, before the first submit. */
typedef void (*store_events_fn)(const struct store_event *events, size_t n, void *ctx);
void store_on_commit(struct store *st, store_events_fn fn, void *ctx);

/* 64-bit SipHash-2-4 keyed by a secret of this data folder: for index keys, principals, topics.
 * store_hash2 keeps a and b apart (no "ab"+"c" = "a"+"bc"). Never 0.
 * thread   any */
uint64_t store_hash(const struct store *st, struct str s);
uint64_t store_hash2(const struct store *st, struct str a, struct str b);
/* 32-bit id of a code system or identifier system, for the sys column of tokens; an empty slice
 * gives 0, "no system"; never TOKEN_ANY_SYS. */
uint32_t store_hash_sys(const struct store *st, struct str system);
/* The same through a read handle, for code that has only a request. */
uint64_t db_hash(const struct db *db, struct str s);
uint32_t db_hash_sys(const struct db *db, struct str system);

/* Figures for /metrics and tests. */
struct store_stats {
    uint64_t txs;        /* committed transactions */
    uint64_t batches;    /* commits (one sync each) */
    uint64_t failed_txs; /* refused or rolled back */
    uint64_t audits;     /* audit records written */
    uint64_t write_us;   /* time the writer spent applying */
    uint64_t sync_us;    /* time it spent in COMMIT */
    uint64_t queued;     /* waiting now */
    uint64_t wal_pages;  /* size of the write-ahead log */
};
struct store_stats store_stats(struct store *st);

/* The doctor: footprints agree with the index tables, version chains are complete, the tx chain
 * and the audit chain hold, blobs named by rows are there with the right size. Reads everything.
 *
 * gives    *ret_faults: number found; each is described on out when out is not NULL
 * errors   E_IO  the database cannot be read
 */
MUST_USE enum err store_check(struct req *rq, struct buf *out, uint64_t *ret_faults);
/* All blobs that rows name, in the order of their names: each is read again and held to its SHA-256. May
 * run beside a server.
 *
 * fn       found: OK, E_CHECKSUM (other bytes or size), E_NOT_FOUND, E_IO; its failure ends the walk */
struct blob_ref;
typedef enum err (*store_blob_fn)(struct req *rq, const struct blob_ref *ref, enum err found, void *ctx);
MUST_USE enum err store_check_blobs(struct req *rq, store_blob_fn fn, void *ctx);

/* A copy of the database as it stands at one moment, at path, where nothing may be yet; durable. Others may
 * write meanwhile. May be used on a store that is open read only, beside a server.
 * errors   E_IO, E_FULL
 * costs    reads and writes the whole database */
MUST_USE enum err store_snapshot(struct req *rq, const struct store *st, const char *path);
/* Until *ret_fd is closed no file of the data folder that a row may name is removed, in this process or
 * another: for whoever reads a snapshot and then the files it names.
 * errors   E_CONFLICT  somebody else holds it, and wait is false; E_IO */
MUST_USE enum err store_hold_files(struct req *rq, const struct store *st, bool wait, int *ret_fd);

/* A text that leaves the data folder and comes back to it, or to one made of its backup: signed by
 * server.key.
 * gives    the text with two lines at its end: the key, and the signature over all before */
MUST_USE enum err store_sign(struct req *rq, const struct store *st, struct str text, struct str *ret_signed);
/* gives    *ret_text borrows text, without the two lines
 * errors   E_CHECKSUM  it was changed, the detail says how; E_FORBIDDEN  signed, by another server's key */
MUST_USE enum err store_signed(struct req *rq, const struct store *st, struct str text, struct str *ret_text);

/* The newest backup, as a file of the data folder tells it: DIR/backup.last. */
struct store_backup {
    struct instant at; /* ms 0: there was none, or nobody can read of it */
    uint64_t bytes;
};
/* errors  E_IO, E_FULL */
MUST_USE enum err store_backup_note(struct req *rq, const struct store *st, const struct store_backup *b);
struct store_backup store_backup_last(struct req *rq, const struct store *st);
