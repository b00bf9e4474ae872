/* work/cstore.h - the storage SCP: modalities and archives push images by C-STORE and ask by C-ECHO
 * (PS3.4 annexes A, B). One thread an association; each image is a blob, filed and durable before its
 * answer. */
#pragma once

#include "care/care.h"

struct cstore;

struct cstore_opts {
    struct str listen;     /* numeric address */
    uint16_t port;
    struct str title;      /* our AE title; empty: any called title will do */
    struct str peers;      /* "TITLE@ADDRESS=ORG, ...": who may send; ADDRESS or = ORG may be left out */
    unsigned associations; /* at one time; more wait */
    unsigned silence_s;    /* a peer silent so long in the middle of something is cut off */
};

/* gives   a running service; care must outlive it.
 * errors  as os_listen(); E_BAD_INPUT  peers, naming the entry */
MUST_USE enum err cstore_start(struct req *rq, struct care *care, const struct cstore_opts *opts,
                               struct cstore **ret_service);
/* Associations under way are aborted after the image that is being filed. NULL is allowed. */
void cstore_stop(struct cstore *s);
