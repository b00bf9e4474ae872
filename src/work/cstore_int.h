/* work/cstore_int.h - inside the storage SCP. */
#pragma once

#include <stdatomic.h>

#include "os/socket.h"
#include "os/thread.h"
#include "store/db.h"
#include "work/cstore.h"

enum {
    CSTORE_PEERS_MAX = 256,
    CSTORE_ASSOCIATIONS_MAX = 64,
    CSTORE_BEAT_MS = 500, /* how long anything waits before it looks whether to stop */
};

struct cstore_peer {
    struct str title;
    struct str address; /* empty: any */
    struct str org;     /* Organization; empty: not told */
};

/* A peer that waits to be served. */
struct cstore_call {
    int fd;
    char peer[OS_PEER_MAX];
};

struct cstore {
    struct care *care;
    struct arena *a; /* the settings */
    int listen_fd;
    struct str title;
    unsigned silence_s;
    struct cstore_peer peers[CSTORE_PEERS_MAX];
    uint32_t n_peers;
    struct os_thread door;
    struct os_thread threads[CSTORE_ASSOCIATIONS_MAX];
    unsigned n_threads;
    struct os_queue *calls; /* struct cstore_call * */
    atomic_bool stop;
};

/* Reads the setting into s. */
MUST_USE enum err cstore_peers(struct req *rq, struct arena *a, struct str text,
                               struct cstore_peer *ret_peers, uint32_t *ret_n);
/* Serves a connection to its end. The caller closes it. */
void cstore_serve(struct cstore *s, struct db *db, const struct cstore_call *call);
